"""Uvicorn's HTTP/1.1 protocol with limits on what a client may send slowly or without end. Used by bff.http.server.run.

Uvicorn alone waits for ever for a head that does not come, accepts a head of any size, and reads a refused body to its
end. This file overrides methods of uvicorn that are not public and reads their attributes; it is written for uvicorn
0.54, and in this room `direct_http` and `websocket_protocol` do so too. After an upgrade
`tests/bff/http/server/test_http_protocol.py::test_the_insides_of_uvicorn` fails first and names what is missing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from bff.http.extensions import announce_stop, make_request_state
from bff.http.options import Timeouts
from bff.http.server import raw_responses
from bff.http.server.direct_http import DirectHttp
from bff.http.server.load import RESERVE, Load, count_head
from bff.http.server.request_targets import InvalidTarget, apply_absolute_target
from bff.observability.metrics import count_refusal

MAX_UNREAD = 64 * 1024 * 1024
"""Bytes of a refused body that are read and ignored, so that the client can read the refusal."""
MAX_PIPELINED = 64
"""Requests that a client may send before it reads the response to the first."""
MAX_PIPELINED_BYTES = 128 * 1024
"""Bytes of such requests beyond which the connection is not read, plus at most one read from the socket."""
MAX_HEADERS = 256
"""Headers of a request; each costs a call of the parser."""
HEAD_PIECE = 4096
"""Bytes of a head that are parsed before its headers are counted. No smaller head is over `max_header_size`."""
PROBES = ("/live", "/ready")
"""Paths that are answered whatever the load."""


class _RefusedHead(Exception):
    """Raised in a callback of the parser, which ends the parsing; `_refusal` is sent."""


class BoundedHttp(DirectHttp):
    """One connection. Costs a usual request a microsecond: its timer runs only while a head or refused body is due."""

    url = b""  # uvicorn sets it with the first bytes of a request
    _is_waiting = True  # for the end of a head, or of a body that is refused
    _is_in_head = True
    _waited_bytes = 0
    _read_size = 0
    _pipelined_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _idle_since: float | None = None
    """Loop time of the last response; None while a request is under way."""
    _refusal = raw_responses.BAD_REQUEST
    _is_reserved = False
    """Whether the process has too many connections, so that this one may only ask for a probe."""
    _is_ignoring = False
    """Whether the rest of what the client sends is ignored."""
    _is_ending = False
    """Whether the last response is sent."""

    def __init__(self, *args: Any, timeouts: Timeouts, load: Load, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timeouts = timeouts
        self._load = load

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn says so too
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._lifespan_state = self.app_state
        self.app_state = make_request_state(self.app_state, self, transport.abort)  # uvicorn copies it for each
        if len(self.connections) <= self._load.max_connections:
            self._start_timer(self._timeouts.head)
            return
        self._is_reserved = True
        self._start_timer(self._timeouts.reserved_head)
        self._load.take_reserve(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timers and notify the running request. Uvicorn notifies the last one sent, which may not run yet."""
        self._stop_timer()
        self._load.unsent.remove(self)
        self._load.leave_reserve(self)
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
        self._read_size = len(data)
        if self._is_ignoring or self._read_size > HEAD_PIECE:
            data = self._feed_head(data)
            if not data:
                return
        super().data_received(data)
        if self._is_waiting and not self._is_ignoring:
            self._count_waited()

    def _feed_head(self, data: bytes) -> bytes:
        """Feed a large read in pieces until a head is complete, to find one too large early; return the rest."""
        while data and not self._is_ignoring and (self.cycle is None or not self.cycle.more_body or self._is_in_head):
            piece, data = data[:HEAD_PIECE], data[HEAD_PIECE:]
            self._read_size = len(piece)
            super().data_received(piece)
            if self.transport.get_protocol() is not self:
                return b""
            if self._is_waiting and not self._is_ignoring:
                self._count_waited()
        self._read_size = len(data)
        if self._is_ignoring and data:
            self._count_unread(MAX_UNREAD)
            return b""
        return data

    def _count_waited(self) -> None:
        if self._timer is None:
            self._start_timer(self._timeouts.head)
        if self._is_in_head and self.headers is not None and len(self.headers) > MAX_HEADERS:
            self._end_head()
        else:
            self._count_unread(self._load.max_header_size if self._is_in_head else MAX_UNREAD)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._is_waiting = self._is_in_head = True
        self._waited_bytes = -self._read_size  # what else this read holds is not of this head

    def on_headers_complete(self) -> None:
        """A head is complete; the application bounds the body."""
        load = self._load
        if len(self.headers) > MAX_HEADERS or (  # bytes need no count if the head came in one piece
            self._waited_bytes >= 0 and count_head(self.url, self.headers) > load.max_header_size
        ):
            self._refuse_head(self._choose_too_large())
        if self.url[:1] != b"/":
            try:
                self.url = apply_absolute_target(self.parser.get_method(), self.url, self.headers)
            except InvalidTarget:
                self._refuse_head(raw_responses.BAD_REQUEST)
        cycle = self.cycle
        super().on_headers_complete()
        if self.cycle is cycle:
            self._check_upgrade()
        self._is_waiting = self._is_in_head = False
        if self._timer is not None:
            self._stop_timer()
        if self.pipeline:
            self._bound_pipeline(count_head(self.url, self.headers))
        if load.is_stopping:
            self._close_after_last()

    def on_body(self, body: bytes) -> None:
        """A part of a body; it is ignored if its request is answered already."""
        super().on_body(body)
        if self.pipeline:
            self._bound_pipeline(len(body))
        if not self._is_waiting and self.cycle is not None and self.cycle.response_complete:
            self._is_waiting, self._waited_bytes = True, 0

    def on_message_complete(self) -> None:
        """The client has sent a whole request."""
        super().on_message_complete()
        if self._is_waiting:
            self._is_waiting = False
            self._stop_timer()

    def pause_writing(self) -> None:
        """The client reads too slowly: what it has not read counts."""
        super().pause_writing()
        self._load.unsent.add(self)

    def resume_writing(self) -> None:
        """The client has read nearly all."""
        super().resume_writing()
        self._load.unsent.remove(self)

    def on_response_complete(self) -> None:
        """A request is answered. As in uvicorn, except the timer of idle connections, which is not set each time."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_next()
            return
        if self._is_ignoring:
            self.end(self._refusal)
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self._end_idle)
        if self._load.is_stopping:
            self.loop.call_later(self._timeouts.idle_at_stop, self._end_at_stop)

    def _start_next(self) -> None:
        cycle, app = self.pipeline.pop()
        self._pipelined_bytes = sum(
            len(each.body) + count_head(each.scope["raw_path"], each.scope["headers"]) for each, _ in self.pipeline
        )
        self._start_asgi_task(cycle, app)

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
            self._close_late()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(left, self._end_idle)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running, self.hung_up = cycle, None
        if self._is_reserved or self._is_ending or len(self.tasks) >= self._load.max_tasks:
            if cycle.scope["path"] not in PROBES or self._is_ending:
                self._refuse_request(cycle)
                return
            cycle.keep_alive = not self._is_reserved
        super()._start_asgi_task(cycle, app)

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the websocket protocol, with the head that is parsed already."""
        if self._refuse_later(raw_responses.BAD_REQUEST):
            return  # it would be answered in the midst of the response that is under way
        if self._is_reserved or self._load.is_stopping:
            self.refuse_overloaded()
            return
        self.connections.discard(self)
        make_websocket: Any = self.ws_protocol_class
        protocol = make_websocket(config=self.config, server_state=self.server_state, app_state=self._lifespan_state)
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        protocol.open(self.url, self.headers)

    def shutdown(self) -> None:
        """The server stops: streams end, requests under way are finished, and those that still come are the last."""
        announce_stop(self.app_state)
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(self._timeouts.idle_at_stop, self._end_at_stop)
        else:
            self._close_after_last()

    def send_400_response(self, msg: str) -> None:
        """The parser failed, or a callback refused the head."""
        self.headers = []  # the exception holds this connection until garbage is collected
        count_refusal("bad_request" if self._refusal is raw_responses.BAD_REQUEST else "max_header_size")
        if not self._refuse_later(self._refusal):
            self.end(self._refusal)

    def refuse_overloaded(self) -> None:
        """Answer 503 and close: the process has too many connections or requests."""
        self.end(raw_responses.OVERLOADED)

    def end(self, response: bytes = b"") -> None:
        """Send a last response and close once the client has read it (RFC 9112, section 9.6)."""
        if self._is_ending or self.transport.is_closing():
            return
        self._is_ending = self._is_ignoring = True
        self._waited_bytes = 0
        self._stop_timer()
        self.transport.write(response)
        if len(self.connections) > self._load.max_connections + RESERVE:
            self.transport.close()  # too many of them wait already for their clients to read
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._start_timer(self._timeouts.linger)

    def _refuse_later(self, response: bytes) -> bool:
        """Whether responses are due before this one: it is sent behind them, and nothing more is read."""
        cycle, running = self.cycle, self._running
        if cycle is not None and cycle.more_body and not cycle.response_complete:  # its body is refused
            if cycle is running:
                self._abandon(cycle)
                return cycle.response_started
            self.pipeline.popleft()
            assert running is not None, "a request is in line behind another"
            self.cycle = running
        if running is None or running.response_complete:
            return False
        self._stop_timer()
        self._refusal, self._is_ignoring, self._is_waiting, self._is_in_head = response, True, False, False
        self._waited_bytes = 0
        return True

    def _abandon(self, cycle: RequestResponseCycle) -> None:
        """End the work on a request that came broken; break a response that has begun."""
        cycle.disconnected = True
        cycle.message_event.set()
        if self.hung_up is not None:
            self.hung_up()
        if cycle.response_started:
            self.transport.abort()

    def _refuse_request(self, cycle: RequestResponseCycle) -> None:
        cycle.response_started = cycle.response_complete = True
        count_refusal("max_connections" if self._is_reserved else "max_requests")
        self.refuse_overloaded()

    def _check_upgrade(self) -> None:
        """A handshake has no body: nothing would read it."""
        for name, value in self.headers:
            if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
                self._refuse_head(raw_responses.BAD_REQUEST)

    def _refuse_head(self, response: bytes) -> None:
        self._refusal = response
        raise _RefusedHead

    def _bound_pipeline(self, size: int) -> None:
        """Count what waits in line; read on to see the client disconnect, but only while it is little."""
        self._pipelined_bytes += size
        if self._pipelined_bytes > MAX_PIPELINED_BYTES:
            self.flow.pause_reading()
        else:
            self.flow.resume_reading()  # uvicorn pauses
        if len(self.pipeline) > MAX_PIPELINED:
            count_refusal("pipelined_requests")
            self.transport.abort()

    def make_room(self) -> None:
        """As Direct."""
        self._load.unsent.abort_slowest()

    def begin_stream(self) -> None:
        """As Direct."""
        task = asyncio.current_task()
        if task is not None:
            self._load.exempt(task)

    def close_after_response(self) -> None:
        """Close; if the server stops, only once the client has read the response."""
        self.end() if self._load.is_stopping else self.transport.close()

    def _close_after_last(self) -> None:
        """Let the response to the last request that was sent close the connection."""
        if self._running is not None and not self._running.response_started:
            self._running.keep_alive = True
        for each, _ in self.pipeline:
            each.keep_alive = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _end_at_stop(self) -> None:
        """Close a connection without a request; one that begins now is answered."""
        if (self.headers is None or not self._is_in_head) and (self.cycle is None or self.cycle.response_complete):
            self.end()

    def _count_unread(self, limit: int) -> None:
        self._waited_bytes += self._read_size
        if self._waited_bytes <= limit:
            return
        if self._is_in_head and not self._is_ending:
            self._end_head()
        else:
            self.transport.abort()

    def _end_head(self) -> None:
        response = self._choose_too_large()
        self.headers = []
        count_refusal("max_header_size")
        if not self._refuse_later(response):
            self.end(response)

    def _choose_too_large(self) -> bytes:
        """414 if the target takes most of a head that is too large, else 431 (RFC 9110, section 15.5.15)."""
        is_target = len(self.url) > self._load.max_header_size // 2
        return raw_responses.URI_TOO_LONG if is_target else raw_responses.HEAD_TOO_LARGE

    def _start_timer(self, seconds: float) -> None:
        self._timer = self.loop.call_later(seconds, self._close_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close_late(self) -> None:
        """Close; abort if the client has not read all, as it may never do so."""
        self._timer = None
        if self._is_in_head and self._refuse_later(b""):
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
