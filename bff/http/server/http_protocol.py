"""Uvicorn's HTTP/1.1 protocol with limits on what a client may send slowly or without end. Used by bff.http.server.run.

Uvicorn alone waits for ever for a head that does not come, accepts a head of any size, and reads a refused body to its
end. This file overrides methods of uvicorn that are not public and reads their attributes; it is written for uvicorn
0.54, and nothing else in this room does so but `websocket_protocol`. After an upgrade
`tests/bff/http/server/test_http_protocol.py::test_the_insides_of_uvicorn` fails first and names what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from bff.http.extensions import announce_stop, offer_abort, offer_direct
from bff.http.options import Timeouts

MAX_HEAD = 64 * 1024
"""Bytes of a request line and headers together, plus at most one read from the socket."""
MAX_UNREAD = 64 * 1024 * 1024
"""Bytes of a refused body that are read and ignored, so that the client can read the refusal."""
MAX_PIPELINED = 64
"""Requests that a client may send before it reads the response to the first."""

_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """One connection. Costs a usual request a microsecond: its timer runs only while a head or refused body is due."""

    _is_waiting = True  # for the end of a head, or of a body that is refused
    _is_in_head = True
    _waited_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _running: RequestResponseCycle | None = None
    _idle_since: float | None = None
    """Loop time of the last response; None while a request is under way."""
    hung_up: Callable[[], None] | None = None

    def __init__(self, *args: Any, timeouts: Timeouts, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timeouts = timeouts

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn says so too
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers and notify the running request. Uvicorn notifies the last one sent, which may not run yet."""
        self._stop_timer()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
            if self.hung_up is not None:
                self.hung_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then count what the application does not read."""
        super().data_received(data)
        if not self._is_waiting:
            return
        if self._timer is None:
            self._start_timer()
        self._waited_bytes += len(data)
        if self._waited_bytes > (MAX_HEAD if self._is_in_head else MAX_UNREAD):
            self._close_oversized()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        offer_abort(self.scope["state"], self.transport.abort)
        offer_direct(self.scope["state"], self)
        self._is_waiting = self._is_in_head = True
        self._waited_bytes = 0

    def on_headers_complete(self) -> None:
        """A head is complete; the application bounds the body."""
        if self.url[:1] != b"/":
            self._take_host_of_target()
        super().on_headers_complete()
        self._is_waiting = self._is_in_head = False
        self._stop_timer()
        if self.pipeline:
            self.flow.resume_reading()  # uvicorn pauses, and would not see the client disconnect
        if len(self.pipeline) > MAX_PIPELINED:
            self.transport.close()

    def _take_host_of_target(self) -> None:
        """The host of a target such as http://shop.example/graphql counts, not Host (RFC 9112, section 3.2.2)."""
        with suppress(httptools.HttpParserInvalidURLError):
            target = httptools.parse_url(self.url)
            if target.host:
                host = b"[%b]" % target.host if b":" in target.host else target.host
                host = host if target.port is None else b"%b:%d" % (host, target.port)
                self.headers[:] = [(name, host if name == b"host" else value) for name, value in self.headers]

    def on_body(self, body: bytes) -> None:
        """A part of a body; it is ignored if its request is answered already."""
        super().on_body(body)
        if not self._is_waiting and self.cycle is not None and self.cycle.response_complete:
            self._is_waiting, self._waited_bytes = True, 0

    def on_message_complete(self) -> None:
        """The client has sent a whole request."""
        super().on_message_complete()
        if self._is_waiting:
            self._is_waiting = False
            self._stop_timer()

    # What bff.http.extensions.Direct offers.

    @property
    def is_gone(self) -> bool:
        """As Direct."""
        return self._running is None or self._running.disconnected

    def whole_body(self) -> bytes | None:
        """As Direct, and as uvicorn's `receive` does it."""
        cycle = self._running
        if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        cycle.message_event.clear()
        self.flow.resume_reading()
        return body

    def respond(self, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, fixed: bytes = b"") -> bool:
        """As Direct, and as uvicorn's `send` does it, in one write instead of two."""
        cycle = self._running
        if cycle is None or cycle.response_started or cycle.disconnected or self.flow.write_paused:
            return False
        lines = [b"%b: %b\r\n" % header for header in headers]
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        own = b"".join(lines)
        if own.count(b"\n") != len(lines) or own.count(b"\r") != len(lines):
            return False  # a header value with a line break: uvicorn refuses it
        is_head = cycle.scope["method"] == "HEAD"
        defaults = _render_headers(self.server_state.default_headers)
        self.transport.write(b"".join((STATUS_LINE[status], defaults, fixed, own, b"\r\n", b"" if is_head else body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def on_response_complete(self) -> None:
        """A request is answered. As in uvicorn, except the timer of idle connections, which is not set each time."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._end_idle)

    def _unset_keepalive_if_required(self) -> None:
        """A request begins. Uvicorn cancels its timer here; this one checks `_idle_since` when it fires."""
        self._idle_since = None

    def _end_idle(self) -> None:
        """Close a connection that was idle for the whole time; set the timer again if it was used since."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left <= 0:
            self.transport.close()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self._end_idle)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running, self.hung_up = cycle, None
        super()._start_asgi_task(cycle, app)

    def shutdown(self) -> None:
        """The server stops: streams end, requests under way are finished."""
        announce_stop(self.app_state)
        super().shutdown()

    def _close_oversized(self) -> None:
        if self._is_in_head and not self.transport.is_closing():
            self.transport.write(_HEAD_TOO_LARGE)
        self.transport.close()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self._timeouts.head, self._close_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def _render_headers(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The lines of the server's own headers; uvicorn makes a new list each second."""
    global _last_rendered
    known, lines = _last_rendered
    if known is not headers:
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        _last_rendered = (headers, lines)
    return lines


_last_rendered: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
