"""One connection to a websocket upstream, which unpacks no more than its reader takes. Used by `websocket`.

Alone, the library unpacks all bytes that have come and counts messages, so that 250 kB of deflated messages, or 16
large ones, take hundreds of megabytes. This file overrides methods that are not public: written for websockets 17.4;
`tests/connectors/transport/test_websocket_connection.py::test_the_insides_of_websockets` fails first after an upgrade.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.messages import Assembler
from websockets.frames import CloseCode, Frame

MAX_QUEUED = 1_000_000
"""Bytes of messages that wait for the reader; beyond it the upstream has to wait. One message may be larger."""
MAX_PIECE = 4096
"""Bytes that are unpacked before the queue is looked at again, and other tasks run: 5 milliseconds of empty frames."""
LAST_SECONDS = 0.05
"""How long what came before the end of a TLS connection is unpacked. Empty frames after that are dropped."""


class BoundedAssembler(Assembler):
    """The messages that wait for the reader, within a number and a size."""

    def __init__(self, high: int | None, low: int | None, pause: Callable[[], Any], resume: Callable[[], Any]) -> None:
        super().__init__(high, low, pause=pause, resume=resume)
        self.size = 0
        """Bytes of the frames that wait, or more: counted anew when few wait."""

    def put(self, frame: Frame) -> None:
        """Add a frame."""
        self.size += len(frame.data)
        super().put(frame)

    def maybe_pause(self) -> None:
        """Pause also because of the size."""
        super().maybe_pause()
        if self.size > MAX_QUEUED and not self.paused:
            self.paused = True
            self.pause()

    def maybe_resume(self) -> None:
        """Called after frames were taken."""
        if self.low is not None and len(self.frames) > self.low:
            return  # too many wait in any case; summing up so many each time would be quadratic
        self.size = sum(len(frame.data) for frame in self.frames.queue)
        if self.size <= MAX_QUEUED:
            super().maybe_resume()


class BoundedConnection(ClientConnection):
    """Keeps the bytes that came as they are while enough messages wait."""

    recv_messages: BoundedAssembler

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._packed = b""
        self._is_scheduled = False
        self._fail = self.protocol.fail
        self.protocol.fail = self._leave  # type: ignore[method-assign]

    def _leave(self, code: int, reason: str = "") -> None:
        """Close with 1001 where the library closes with 1011: pings that stay unanswered are no failure of ours."""
        self._fail(CloseCode.GOING_AWAY if code == CloseCode.INTERNAL_ERROR else code, reason)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the queue up."""
        super().connection_made(transport)
        self.recv_messages = BoundedAssembler(
            self.max_queue_high, self.max_queue_low, self.transport.pause_reading, self._schedule
        )

    def data_received(self, data: bytes) -> None:
        """Unpack the bytes in pieces, until enough messages wait."""
        is_first = not self._packed
        self._packed += data
        if is_first:
            self._unpack()

    def eof_received(self) -> None:
        """Unpack what came before. With TLS only: otherwise the end is not read before."""
        until = time.perf_counter() + LAST_SECONDS
        while self._packed and not self.recv_messages.paused and time.perf_counter() < until:
            self._unpack_piece()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop messages that will not be read."""
        self._packed = b""
        super().connection_lost(exc)

    def _unpack(self) -> None:
        """Unpack one piece now, and the next one when other tasks have run; reading is paused meanwhile."""
        if self._packed and not self.recv_messages.paused:
            self._unpack_piece()
        if self.recv_messages.paused or self.transport.is_closing():
            return
        if not self._packed:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()
            self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self.loop.call_soon(self._unpack_scheduled)

    def _unpack_scheduled(self) -> None:
        self._is_scheduled = False
        self._unpack()

    def _unpack_piece(self) -> None:
        piece, self._packed = self._packed[:MAX_PIECE], self._packed[MAX_PIECE:]
        super().data_received(piece)
