"""Uvicorn's websocket protocol with bounds on who does not read, and 1001 at the stop. Used by bff.http.server.run."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from bff.http.extensions import announce_stop, offer_abort

LINGER_SECONDS = 5.0
"""How long a client may take to read what was written before the close, and to answer the close."""
FRAGMENTS = 1000
"""Frames that one message may come in; empty ones cost memory too."""


PIECE = 4096
"""Bytes that are read at one turn of the event loop: a quarter of a megabyte of pings is 0.3 s of work (measured)."""


class BoundedWebsocket(WebSocketsSansIOProtocol):
    """One connection. Uvicorn alone waits for ever for a client that neither reads nor goes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        """Read what came, in pieces: others have their turns between them, and no more is taken meanwhile."""
        is_reading = bool(self._unread)
        self._unread += data
        if not is_reading:
            self._read_on()

    def _read_on(self) -> None:
        piece, self._unread = self._unread[:PIECE], self._unread[PIECE:]
        super().data_received(piece)
        if self.disconnected or self.transport.is_closing():
            self._unread = b""
        elif self._unread:
            self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)
        elif not self.read_paused:
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        """Let the application cut this connection."""
        super().handle_connect(event)
        if self.response.status_code == 101:  # otherwise there is no scope
            offer_abort(self.scope["state"], self.transport.abort)

    def handle_ping(self) -> None:
        """Answer a ping, but not while earlier answers are not read (RFC 6455, section 5.5.3)."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def handle_cont(self, event: Frame) -> None:
        """Part of a message; its bytes are bounded already."""
        if len(self.frames) < FRAGMENTS:
            super().handle_cont(event)
        elif not self.close_sent:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()

    def keepalive_timeout(self) -> None:
        """A client that is gone without a word also reads no close."""
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self) -> None:
        """Run the application; the connection ends soon after it."""
        await super().run_asgi()
        self._linger()

    def shutdown(self) -> None:
        """The server stops: say so; the application sees a client that goes."""
        announce_stop(self.app_state)
        if self.handshake_complete and not self.close_sent and self.conn.state is State.OPEN:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": 1001})
            self.conn.send_close(1001, "The server stops")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()
        self._linger()

    def _linger(self) -> None:
        if not self.disconnected:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._abort)

    def _abort(self) -> None:
        if not self.disconnected:
            self.transport.abort()
