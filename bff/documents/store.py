"""Where persisted queries are kept: the contract of a store, and the one in memory. Used by documents."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol


class Store(Protocol):
    """Documents by the SHA-256 of their text. Raises nothing: a store in trouble knows no document."""

    async def get(self, sha: str) -> str | None:
        """The document with this hash, in hex; None when it is not known."""

    async def put(self, sha: str, text: str) -> None:
        """Keep a document, if there is room for it."""

    async def close(self) -> None:
        """Give back what is held; the store may be used again afterwards."""


class MemoryStore:
    """Bounded by count and by the bytes of the texts in UTF-8; the least recently used leave."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._bytes = 0
        self._texts: OrderedDict[str, tuple[str, int]] = OrderedDict()

    async def get(self, sha: str) -> str | None:
        """The document with this hash."""
        found = self._texts.get(sha)
        if found is None:
            return None
        self._texts.move_to_end(sha)
        return found[0]

    async def put(self, sha: str, text: str) -> None:
        """Keep a document, unless it alone is larger than the store."""
        size = len(text.encode())
        if sha in self._texts or size > self._most_bytes:
            return
        self._texts[sha] = text, size
        self._bytes += size
        while len(self._texts) > self._most or self._bytes > self._most_bytes:
            _, (_, old) = self._texts.popitem(last=False)
            self._bytes -= old

    async def close(self) -> None:
        """Nothing is held."""
