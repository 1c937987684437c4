"""The bounded cache: what was used last stays."""

from __future__ import annotations

import pytest

from connectors.aio.lru import LRU


def test_a_value_is_created_once() -> None:
    """And is the same object from then on."""
    cache: LRU[str, list[int]] = LRU(2)
    assert cache.get_or_create("a", list) is cache.get_or_create("a", list)


def test_the_least_recently_used_entry_is_dropped() -> None:
    """Used, not created: reading counts."""
    cache: LRU[str, int] = LRU(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        cache.get_or_create(key, lambda value=value: value)  # type: ignore[misc]  # bound at once
    assert len(cache) == 2
    assert [cache.get(key) for key in "abc"] == [1, None, 4]


def test_a_value_that_cannot_be_created_is_not_kept() -> None:
    """The next caller tries anew."""
    cache: LRU[str, float] = LRU(2)
    with pytest.raises(ZeroDivisionError):
        cache.get_or_create("a", lambda: 1 / 0)
    assert "a" not in cache
    assert cache.get_or_create("a", lambda: 7) == 7


def test_entries_are_bounded_by_their_weight() -> None:
    """The oldest ones go until the new one fits; one that is too heavy alone is not kept, and drops nothing."""
    cache: LRU[str, str] = LRU(max_weight=10)
    for key, weight in (("a", 4), ("b", 4), ("c", 2), ("d", 5), ("e", 11)):
        cache.put(key, key, weight)
    assert [key for key in "abcde" if key in cache] == ["c", "d"]
    assert cache.weight == 7


def test_a_replaced_entry_weighs_what_it_weighs_now() -> None:
    """And counts as the one used last."""
    cache: LRU[str, int] = LRU(2, max_weight=100)
    cache.put("a", 1, 60)
    cache.put("b", 2, 30)
    cache.put("a", 3, 10)
    assert cache.weight == 40
    cache.put("c", 4)
    assert [cache.get(key) for key in "abc"] == [3, None, 4]


def test_dropping_by_hand() -> None:
    """One entry, or all."""
    cache: LRU[str, int] = LRU(9)
    for weight, key in enumerate("abc"):
        cache.put(key, weight, weight)
    cache.discard("c")
    cache.discard("c")
    assert (len(cache), cache.weight) == (2, 1)
    cache.clear()
    assert (len(cache), cache.weight) == (0, 0)
