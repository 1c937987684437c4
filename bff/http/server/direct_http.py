"""A connection of uvicorn that answers without ASGI messages, as `bff.http.extensions.Direct`. See `http_protocol`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from bff.http.server import raw_responses


class DirectHttp(HttpToolsProtocol):
    """Does for the request that runs what uvicorn's `receive` and `send` do."""

    _running: RequestResponseCycle | None = None
    hung_up: Callable[[], None] | None = None
    unwritten = 0

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
        own = b"\r\n".join(map(b": ".join, headers))
        breaks = len(headers) - 1
        if own.count(b"\n") != breaks or own.count(b"\r") != breaks:
            return False  # a header value with a line break: uvicorn refuses it
        if cycle.scope["method"] == "HEAD":
            body = b""
        defaults = raw_responses.render_headers(self.server_state.default_headers)
        end = b"\r\n\r\n" if cycle.keep_alive else b"\r\nconnection: close\r\n\r\n"
        self.transport.write(b"".join((STATUS_LINE[status], defaults, fixed, own, end, body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.close_after_response()
        cycle.on_response()
        return True

    def close_after_response(self) -> None:
        """Close the connection, whose last response is written."""
        self.transport.close()
