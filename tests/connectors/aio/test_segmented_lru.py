"""A cache in which what is used again outlives what is new."""

from __future__ import annotations

from connectors.aio.segmented_lru import SegmentedLRU


def test_what_was_used_again_outlives_a_flood() -> None:
    """However long the flood is; without a second use the oldest leave first."""
    cache: SegmentedLRU[str, int] = SegmentedLRU(10, max_weight=100)
    cache.put("used", 1)
    assert cache.get("used") == 1
    for number in range(50):
        cache.put(f"new{number}", number)
    assert cache.get("used") == 1
    assert len(cache) == 10
    assert "new49" in cache
    assert cache.get("new0") is None


def test_protected_entries_leave_a_part_for_what_is_new() -> None:
    """Those used longest ago are on probation again."""
    cache: SegmentedLRU[int, int] = SegmentedLRU(10, max_weight=100)
    for number in range(10):
        cache.put(number, number)
    for number in range(10):
        assert cache.get(number) == number
    cache.put(10, 10)
    cache.put(11, 11)
    assert 10 in cache
    assert 0 not in cache
    assert 1 not in cache
    assert 2 in cache


def test_weights_are_bounded() -> None:
    """Of all entries together; too heavy a one is not kept, and the same key counts once."""
    cache: SegmentedLRU[str, int] = SegmentedLRU(100, max_weight=100)
    for name in "abcde":
        cache.put(name, 1, 30)
        cache.put(name, 1, 30)
        cache.get(name)
    assert cache.weight == 90
    assert list(cache) == ["c", "d", "e"]
    cache.put("too heavy", 1, 101)
    assert "too heavy" not in cache
    assert cache.weight == 90
