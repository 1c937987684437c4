"""Uvicorn's websocket protocol with limits for clients that do not read, and 1001 at the stop. Used by `server.run`.

This file overrides methods of uvicorn and websockets that are not public; it is written for uvicorn 0.54 and
websockets 17.4. After an upgrade `tests/bff/http/server/test_websocket_protocol.py::test_the_insides_of_uvicorn`
fails first and names what is missing.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from bff.http.extensions import announce_stop, offer_abort
from bff.http.options import Timeouts

MAX_FRAGMENTS = 1000
"""Frames of one message; empty ones need memory too."""
MAX_PIECE = 4096
"""Bytes parsed in one iteration of the event loop: a quarter of a megabyte of pings takes 0.3 s (measured)."""


class BoundedWebsocket(WebSocketsSansIOProtocol):
    """One connection. Uvicorn alone waits for ever for a client that neither reads nor disconnects."""

    def __init__(self, *args: Any, timeouts: Timeouts, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timeouts = timeouts
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        """Parse the bytes in pieces, so that other tasks run between them; reading is paused meanwhile."""
        is_reading = bool(self._unread)
        self._unread += data
        if not is_reading:
            self._parse_piece()

    def _parse_piece(self) -> None:
        piece, self._unread = self._unread[:MAX_PIECE], self._unread[MAX_PIECE:]
        super().data_received(piece)
        if self.disconnected or self.transport.is_closing():
            self._unread = b""
        elif self._unread:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._parse_piece)
        elif not self.read_paused:
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        """Let the application abort this connection."""
        super().handle_connect(event)
        if self.response.status_code == 101:  # without it there is no scope
            offer_abort(self.scope["state"], self.transport.abort)

    def handle_ping(self) -> None:
        """Answer a ping, except while the client does not read earlier answers (RFC 6455, section 5.5.3)."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        """Part of a message; uvicorn limits its bytes already."""
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """Abort: a client that does not answer pings reads no close either."""
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        """Run the application; the connection is closed soon after it ends."""
        await super().run_asgi()
        self._abort_later()

    def shutdown(self) -> None:
        """The server stops: send 1001; the application sees a disconnect."""
        announce_stop(self.app_state)
        if self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1001})
            self.conn.send_close(1001, "The server stops")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()
        self._abort_later()

    def _abort_later(self) -> None:
        if not self.disconnected:
            asyncio.get_running_loop().call_later(self._timeouts.close, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
