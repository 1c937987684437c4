"""Where persisted queries are kept: the contract of a store, and the one in memory. Used by documents."""

from __future__ import annotations

from typing import Protocol

from connectors.aio.lru import LRU


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

    def __init__(self, *, max_entries: int, max_size: int) -> None:
        self._texts: LRU[str, str] = LRU(max_entries, max_weight=max_size)

    async def get(self, sha: str) -> str | None:
        """The document with this hash."""
        return self._texts.get(sha)

    async def put(self, sha: str, text: str) -> None:
        """Keep a document, unless it alone is larger than the store."""
        if sha not in self._texts:
            self._texts.put(sha, text, len(text.encode()))

    async def close(self) -> None:
        """Nothing is held."""
