"""The documents that clients persist, in memory."""

from __future__ import annotations

from bff.documents.store import MemoryStore


async def test_memory_is_bounded() -> None:
    """By count and by bytes; the least recently used leave, and what is too large never enters."""
    few, small = MemoryStore(max_entries=2, max_size=100), MemoryStore(max_entries=100, max_size=10)
    for store in (few, small):
        await store.put("a", "aaaa")
        await store.put("b", "bbbb")
        assert await store.get("a") == "aaaa"
        await store.put("c", "c" * 6)
        assert [await store.get(each) for each in "abc"] == ["aaaa", None, "cccccc"]
    await small.put("d", "é" * 6)
    assert await small.get("d") is None
    assert await small.get("a") == "aaaa"
