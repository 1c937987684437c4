"""Where the cache keeps replies: in memory, bounded by bytes. The one unused for longest goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

from connectors.contract import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A kept reply. Times are in seconds of the clock that the cache was made with."""

    reply: Reply
    fresh_until: float
    usable_meanwhile_until: float
    """How long it may be used while a newer one is fetched (RFC 5861 section 3)."""
    usable_on_error_until: float
    """How long it may be used when no newer one can be had (RFC 5861 section 4)."""

    @property
    def etag(self) -> str | None:
        """Its entity tag, weak or strong."""
        return self.reply.headers.get("etag")

    @property
    def last_modified(self) -> str | None:
        """When it was changed last, as the upstream wrote it."""
        return self.reply.headers.get("last-modified")


class HttpCache:
    """Replies of one upstream. `era` tells a fetch whether everything was forgotten while it was under way."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._stored: OrderedDict[Hashable, tuple[int, Stored]] = OrderedDict()
        self.bytes = 0
        self.era = 0

    def __len__(self) -> int:
        return len(self._stored)

    def get(self, key: Hashable) -> Stored | None:
        """The kept reply, fresh or not."""
        found = self._stored.get(key)
        if found is None:
            return None
        self._stored.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, stored: Stored) -> None:
        """Keep a reply in place of an earlier one, unless it alone is too large."""
        self.drop(key)
        size = _size(key, stored.reply)
        if size > self._most:
            return
        self._stored[key] = (size, stored)
        self.bytes += size
        while self.bytes > self._most:
            _, (freed, _) = self._stored.popitem(last=False)
            self.bytes -= freed

    def drop(self, key: Hashable) -> None:
        """Forget a reply."""
        found = self._stored.pop(key, None)
        if found is not None:
            self.bytes -= found[0]

    def clear(self) -> None:
        """Forget everything, and what is being fetched too."""
        self._stored.clear()
        self.bytes = 0
        self.era += 1


def _size(key: Hashable, reply: Reply) -> int:
    """About what keeping it costs: the payload, the texts around it, and some for the objects that hold them."""
    headers = sum(len(name) + len(value) for name, value in reply.headers.items())
    return len(reply.payload or b"") + headers + len(repr(key)) + 1000
