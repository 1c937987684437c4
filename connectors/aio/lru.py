"""A bounded cache that drops the least recently used entries. Used wherever something is kept per document or call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LRU(Generic[K, V]):
    """Keeps the entries used last: at most `max_entries`, which together weigh at most `max_weight`.

    The unit of weight is the caller's: bytes, characters. An entry without weight is bounded by count alone.
    """

    def __init__(self, max_entries: int | None = None, *, max_weight: int | None = None) -> None:
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._weights: dict[K, int] = {}
        self.weight = 0
        """Of all entries together."""

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        """The keys, the one used longest ago first."""
        return iter(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def get(self, key: K) -> V | None:
        """The value, which is now the one used last; None when there is none."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """Add or replace an entry and drop the oldest ones until the bounds are kept. Too heavy a value is not kept."""
        if key in self._entries:
            self.discard(key)
        if self._max_weight is not None and weight > self._max_weight:
            return
        self._entries[key] = value
        if weight:
            self._weights[key] = weight
            self.weight += weight
        while self._is_over():
            self._subtract(self._entries.popitem(last=False)[0])

    def get_or_create(self, key: K, create: Callable[[], V]) -> V:
        """The value, or a new one. What `create` raises is raised, and nothing is kept."""
        value = self.get(key)
        if value is None:
            value = create()
            self.put(key, value)
        return value

    def discard(self, key: K) -> None:
        """Drop an entry, if it is there."""
        if self._entries.pop(key, None) is not None:
            self._subtract(key)

    def clear(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._weights.clear()
        self.weight = 0

    def _is_over(self) -> bool:
        if self._max_entries is not None and len(self._entries) > self._max_entries:
            return True
        return self._max_weight is not None and self.weight > self._max_weight

    def _subtract(self, key: K) -> None:
        self.weight -= self._weights.pop(key, 0)
