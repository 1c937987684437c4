"""Where the cache keeps replies: in memory, bounded by bytes. The one unused for longest goes first."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from connectors.aio.lru import LRU
from connectors.contract import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A kept reply. Times are in seconds of the cache's clock."""

    reply: Reply
    made_at: float
    """When the upstream created it, as far as known."""
    fresh_until: float
    usable_meanwhile_until: float
    """How long it may be used while a newer one is fetched (RFC 5861 section 3)."""
    usable_on_error_until: float
    """How long it may be used when no newer one is available (RFC 5861 section 4)."""

    @property
    def etag(self) -> str | None:
        """Its entity tag, weak or strong."""
        return self.reply.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """When it was changed last, as the upstream wrote it."""
        return self.reply.headers.get("last-modified")

    def reuse(self, now: float) -> Reply:
        """The reply, to be read anew, with its age (RFC 9111, section 5.1)."""
        reply = self.reply.point_at(())
        reply.headers = {**reply.headers, "age": str(max(0, int(now - self.made_at)))}
        return reply


class HttpCache(LRU[Hashable, Stored]):
    """Replies of one upstream. `era` tells a fetch whether everything was forgotten while it was under way."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_weight=max_bytes)
        self.era = 0

    def keep(self, key: Hashable, stored: Stored) -> None:
        """Keep a reply in place of an earlier one, unless it alone is too large."""
        self.put(key, stored, _estimate_bytes(key, stored.reply))

    def clear(self) -> None:
        """Forget everything, and what is being fetched too."""
        super().clear()
        self.era += 1


def _estimate_bytes(key: Hashable, reply: Reply) -> int:
    """About what keeping it costs: the payload, the texts around it, and some for the objects that hold them."""
    headers = sum(len(name) + len(value) for name, value in reply.headers.items())
    return len(reply.payload or b"") + headers + len(repr(key)) + 1000
