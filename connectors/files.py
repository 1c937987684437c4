"""A file that a frontend sent, on its way to an upstream. Made by who receives it, read by connectors and resolvers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import IO

PIECE = 64 * 1024
"""Bytes read at once."""


class File:
    """Bytes in memory or on disk, read in pieces and as often as needed, until the request that brought them ends."""

    def __init__(self, stored: IO[bytes], *, name: str, content_type: str, size: int) -> None:
        """`name` is the sender's, without folders; `content_type` is the sender's word; `size` is in bytes."""
        self.name = name
        self.content_type = content_type
        self.size = size
        self._stored = stored
        self._lock = threading.Lock()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The bytes in order, at most PIECE at a time. Raises ValueError once the request has ended."""
        place = 0
        while piece := await asyncio.to_thread(self._read_piece, place):
            yield piece
            place += len(piece)

    async def read(self) -> bytes:
        """All bytes at once."""
        return b"".join([piece async for piece in self.chunks()])

    def _read_piece(self, place: int) -> bytes:
        with self._lock:  # several calls may send the same file at once
            self._stored.seek(place)
            return self._stored.read(PIECE)

    def __repr__(self) -> str:
        return f"File({self.name!r}, {self.content_type}, {self.size} bytes)"
