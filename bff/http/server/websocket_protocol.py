"""Uvicorn's websocket protocol with limits for clients that do not read, and 1001 at the stop. Used by `server.run`.

This file overrides methods of uvicorn and websockets that are not public; it is written for uvicorn 0.54 and
websockets 17.4. After an upgrade `tests/bff/http/server/test_websocket_protocol.py::test_the_insides_of_uvicorn`
fails first and names what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import Protocol, State

from bff.http.extensions import announce_stop, offer_abort, offer_inbox
from bff.http.options import Timeouts
from bff.http.server.inbox import Inbox, Inboxes
from bff.http.server.load import Load
from bff.http.server.websocket_frames import MessageParser

MAX_FRAGMENTS = 1000
"""Frames of one message; empty ones need memory too."""
MAX_PIECE = 4096
"""Bytes parsed in one iteration of the event loop: a quarter of a megabyte of pings takes 0.3 s (measured)."""


class BoundedWebsocket(WebSocketsSansIOProtocol):
    """One connection. Uvicorn alone waits for ever for a client that neither reads nor disconnects.

    The parser waits after each message until the application asks for the next one: deflated messages are a thousand
    times larger than what arrives, and uvicorn alone unpacks all that has come.
    """

    conn: MessageParser

    def __init__(self, *args: Any, timeouts: Timeouts, load: Load, inboxes: Inboxes, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timeouts = timeouts
        self._load = load
        self.conn = MessageParser(inboxes.options, self.logger)
        self._inboxes = inboxes
        self._inbox = Inbox(inboxes, self._drop_messages, self.conn.allow_large_messages)
        self._unread = b""
        self.unwritten = 0
        """Bytes of messages that wait until the client reads."""
        self._is_parsing = False
        """Whether `_parse_piece` is scheduled."""
        self._waiting = 0
        """Bytes of the message that waits for the application, or that it handles."""

    def open(self, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Answer a handshake whose head is parsed already; the parser of websockets has limits of its own for heads."""
        self.conn.parser = Protocol.parse(self.conn)  # that of frames
        next(self.conn.parser)
        fields = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])
        self.handle_connect(Request(target.decode("ascii", "replace"), fields))

    def pause_writing(self) -> None:
        """The client reads too slowly: what it has not read counts."""
        super().pause_writing()
        self._load.unsent.add(self)

    def resume_writing(self) -> None:
        """The client has read nearly all."""
        super().resume_writing()
        self._load.unsent.remove(self)

    def data_received(self, data: bytes) -> None:
        """Parse the bytes in pieces, so that other tasks run between them; reading is paused meanwhile."""
        self._unread += data
        if self._is_parsing or self.read_paused:
            self._hold_bytes()
        else:
            self._parse_piece()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what arrived and what is unsent."""
        self._load.unsent.remove(self)
        super().connection_lost(exc)
        self._forget_messages()

    async def send(self, message: Any) -> None:
        """Send a message; what waits for a client that does not read counts, and goes out one after the other."""
        if not self.writable.is_set():
            size = len(message.get("text") or b"")
            self.unwritten += size
            self._load.unsent.add(self)
            try:
                while not self.writable.is_set():
                    await self.writable.wait()
            finally:
                self.unwritten -= size
        await super().send(message)

    async def receive(self) -> Any:
        """The next message for the application, which has handled the one before: the parser may go on."""
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._waiting = 0
            self._proceed()
        return await self.queue.get()

    def send_receive_event_to_app(self) -> None:
        """Hand on a whole message."""
        size = sum(map(len, self.frames))
        super().send_receive_event_to_app()
        if self.read_paused:
            self._waiting = size

    def _proceed(self) -> None:
        """Parse what waits behind a message that was handled."""
        if self.disconnected or self.transport.is_closing():
            self._forget_messages()
        elif not self._is_parsing:
            self.conn.reader.is_held = False
            if self._unread or self.conn.reader.buffer:
                self._parse_piece()
            else:
                self.transport.resume_reading()
                self._hold_bytes()

    def _parse_piece(self) -> None:
        self._is_parsing = False
        if self._inboxes.is_busy:
            self._schedule_piece()
            return
        piece, self._unread = self._unread[:MAX_PIECE], self._unread[MAX_PIECE:]
        before = self._count_held()
        super().data_received(piece)
        while self.conn.reader.is_held and not self.read_paused:  # the message was discarded
            self.conn.reader.is_held = False
            super().data_received(b"")
        if self.disconnected or self.transport.is_closing():
            self._forget_messages()
            return
        if (growth := self._count_held() - before) > 0:
            self._inboxes.add_unpacked(growth)
        self._hold_bytes()
        if self.read_paused:
            return
        if self._unread:
            self._schedule_piece()
        else:
            self.transport.resume_reading()

    def _schedule_piece(self) -> None:
        self._is_parsing = True
        self.transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._parse_piece)

    def _count_held(self) -> int:
        return self._waiting + self.conn.held

    def _hold_bytes(self) -> None:
        self._inbox.hold(len(self._unread) + self._waiting + self.conn.held)

    def _drop_messages(self) -> None:
        """All websockets together hold too much, and this one has for the longest time: close it with 1013."""
        self._forget_messages()
        if not self.close_sent and self.conn.state is State.OPEN:
            self.conn.fail(1013, "too many messages wait; try again later")
            self.handle_parser_exception()
            self._abort_later()
        else:
            self.transport.abort()

    def _forget_messages(self) -> None:
        self._unread, self._waiting, self.frames = b"", 0, []
        self.conn.forget_messages()
        self._inbox.hold(0)

    def handle_connect(self, event: Request) -> None:
        """Let the application abort this connection."""
        super().handle_connect(event)
        if self.response.status_code == 101:  # without it there is no scope
            offer_abort(self.scope["state"], self.transport.abort)
            offer_inbox(self.scope["state"], self._inbox)

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
        task = asyncio.current_task()
        if task is not None:
            self._load.exempt(task)
        await super().run_asgi()
        self.read_paused = False
        self._proceed()  # the client's close may wait behind other messages
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
