"""One connection to a websocket upstream, which unpacks no more than its reader takes. Used by `websocket`.

Alone, the library unpacks all bytes that have come and counts messages, so that 250 kB of deflated messages, or 16
large ones, take hundreds of megabytes. This file overrides methods that are not public: written for websockets 17.4;
`tests/connectors/transport/test_websocket_connection.py::test_the_insides_of_websockets` fails first after an upgrade.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.messages import Assembler
from websockets.frames import Frame

MAX_QUEUED = 1_000_000
"""Bytes of messages that wait for the reader; beyond it the upstream has to wait. One message may be larger."""
MAX_PIECE = 4096
"""Bytes that are unpacked before the queue is looked at again."""


class BoundedAssembler(Assembler):
    """The messages that wait for the reader, within a number and a size."""

    def __init__(self, high: int | None, low: int | None, pause: Callable[[], Any], resume: Callable[[], Any]) -> None:
        super().__init__(high, low, pause=pause, resume=resume)
        self.size = 0
        """Bytes of the frames that wait."""

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
        self.size = sum(len(frame.data) for frame in self.frames.queue)
        if self.size <= MAX_QUEUED:
            super().maybe_resume()


class BoundedConnection(ClientConnection):
    """Keeps the bytes that came as they are while enough messages wait."""

    recv_messages: BoundedAssembler

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._packed = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the queue up."""
        super().connection_made(transport)
        self.recv_messages = BoundedAssembler(
            self.max_queue_high, self.max_queue_low, self.transport.pause_reading, self._resume
        )

    def data_received(self, data: bytes) -> None:
        """Unpack the bytes in pieces, until enough messages wait."""
        self._packed += data
        self._unpack()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what nobody will read."""
        self._packed = b""
        super().connection_lost(exc)

    def _unpack(self) -> None:
        while self._packed and not self.recv_messages.paused:
            piece, self._packed = self._packed[:MAX_PIECE], self._packed[MAX_PIECE:]
            super().data_received(piece)

    def _resume(self) -> None:
        self._unpack()
        if not self.recv_messages.paused and not self.transport.is_closing():
            self.transport.resume_reading()
