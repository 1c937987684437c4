"""A bounded cache that keeps what is used again apart from what is new, so that much that is new flushes nothing else.

Segmented LRU (Karedy, Love, Wherry 1994): an entry is on probation until it is used again, and protected from then on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

PROTECTED: Final = 0.8
"""The part of the cache that protected entries may take."""


class SegmentedLRU(Generic[K, V]):
    """Keeps at most `max_entries`, which together weigh at most `max_weight`. The unit of weight is the caller's."""

    def __init__(self, max_entries: int, *, max_weight: int) -> None:
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._new: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._protected: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._protected_weight = 0
        self.weight = 0
        """Of all entries together."""

    def __len__(self) -> int:
        return len(self._new) + len(self._protected)

    def __iter__(self) -> Iterator[K]:
        """The keys, those that would leave first before the others."""
        yield from self._new
        yield from self._protected

    def __contains__(self, key: K) -> bool:
        return key in self._protected or key in self._new

    def get(self, key: K) -> V | None:
        """The value, which is protected from now on; None when there is none."""
        entry = self._protected.get(key)
        if entry is not None:
            self._protected.move_to_end(key)
            return entry[0]
        entry = self._new.pop(key, None)
        if entry is None:
            return None
        self._protect(key, entry)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """Add an entry on probation, and drop old ones until the bounds are kept. Too heavy a value is not kept."""
        if key in self or weight > self._max_weight:
            return
        self._new[key] = value, weight
        self.weight += weight
        while len(self) > self._max_entries or self.weight > self._max_weight:
            if self._new:
                self.weight -= self._new.popitem(last=False)[1][1]
            else:
                dropped = self._protected.popitem(last=False)[1][1]
                self.weight -= dropped
                self._protected_weight -= dropped

    def _protect(self, key: K, entry: tuple[V, int]) -> None:
        self._protected[key] = entry
        self._protected_weight += entry[1]
        while (
            len(self._protected) > self._max_entries * PROTECTED
            or self._protected_weight > self._max_weight * PROTECTED
        ):
            oldest, entry = self._protected.popitem(last=False)
            self._protected_weight -= entry[1]
            self._new[oldest] = entry  # on probation again, as the one that leaves last
