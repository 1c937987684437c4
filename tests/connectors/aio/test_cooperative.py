"""Work in slices."""

from __future__ import annotations

import asyncio
import time

import pytest

from connectors.aio import cooperative
from connectors.aio.cooperative import SLICE, Turnstile, copy_in_slices, paced_slices
from tests.connectors.watch import BOUND, outcome_of


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


async def test_a_copy_shares_nothing_that_can_change() -> None:
    """Each dict and list is another; what else there is is copied by its own kind."""
    made: dict[str, object] = {"a": [1, {"b": "c"}, [[]]], "d": None, "e": {1, 2}, "f": (1, [2])}
    copied = await copy_in_slices(made)
    assert copied == made
    copied["a"][1]["b"] = copied["a"][2][0] = "x"
    copied["e"].add(3)
    copied["f"][1].append(3)
    assert made == {"a": [1, {"b": "c"}, [[]]], "d": None, "e": {1, 2}, "f": (1, [2])}
    assert await copy_in_slices("text") == "text"


@pytest.mark.parametrize("kind", ["flat", "nested", "object"])
async def test_copying_much_does_not_keep_the_loop(kind: str) -> None:
    """deepcopy took half a second for each caller."""
    made: object = {
        "flat": list(range(1_000_000)),
        "nested": [[[]] for _ in range(200_000)],
        "object": {str(number): [number] for number in range(200_000)},
    }[kind]
    copied, longest = await outcome_of(lambda: copy_in_slices(made))
    assert copied == made
    assert longest < BOUND
