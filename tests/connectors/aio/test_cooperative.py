"""Work in slices."""

from __future__ import annotations

import asyncio
import time

import pytest

from connectors.aio import cooperative
from connectors.aio.cooperative import SLICE, Turnstile, paced_slices


@pytest.mark.parametrize("count", [0, 1, cooperative.SLICE, cooperative.SLICE + 1, 3 * cooperative.SLICE - 1])
def test_slices_are_the_whole(count: int) -> None:
    """Each index once, in order, and no slice is longer than one turn's work, or empty."""
    slices = list(cooperative.slices(count))
    assert [index for each in slices for index in each] == list(range(count))
    assert all(0 < len(each) <= cooperative.SLICE for each in slices)
    assert len(slices) == -(-count // cooperative.SLICE)


def take_long(items: int) -> None:
    time.sleep(items * 0.0002)


async def test_paced_slices_are_as_long_as_their_work_allows() -> None:
    """All items, each once, in their order; slices shrink where an item takes long and grow where it does not."""
    slow, quick = [], []
    async for rows in paced_slices(300, Turnstile()):
        slow.append(rows)
        take_long(len(rows))
    async for rows in paced_slices(5000, Turnstile()):
        quick.append(rows)
    assert [index for rows in slow for index in rows] == list(range(300))
    assert [index for rows in quick for index in rows] == list(range(5000))
    assert len(slow[-1]) < len(slow[0]) == len(quick[0]) < max(map(len, quick)) <= SLICE


async def test_one_task_passes_a_turnstile_at_a_time() -> None:
    """In each pass of the loop one; a cancelled one does not hold up those behind it."""
    turnstile, passed = Turnstile(), []

    async def pass_through(name: str) -> None:
        await turnstile.wait()
        passed.append(name)

    tasks = [asyncio.create_task(pass_through(name)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    counts = []
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        counts.append(len(passed))
    assert passed == ["a", "c", "d"]
    assert {1, 2, 3} <= set(counts)
