"""Turns among tasks: never more than there are, in the order asked, and none lost with a task that is cancelled."""

from __future__ import annotations

import asyncio
import random

import pytest

from connectors.aio.semaphore import Semaphore
from tests.waiting import GENEROUS, time_limit


async def _turn(slots: Semaphore, came: list[int], number: int) -> None:
    if not slots.try_acquire():
        await slots.acquire()
    came.append(number)


async def _waiting(slots: Semaphore, came: list[int], count: int) -> list[asyncio.Task[None]]:
    """So many tasks that stand in line, in their order."""
    tasks = [asyncio.create_task(_turn(slots, came, number)) for number in range(count)]
    await asyncio.sleep(0)
    return tasks


def test_there_are_so_many_and_no_more() -> None:
    """One that is given back can be taken again."""
    slots = Semaphore(2)
    assert [slots.try_acquire() for _ in range(3)] == [True, True, False]
    slots.release()
    assert [slots.try_acquire() for _ in range(2)] == [True, False]


async def test_turns_come_in_the_order_asked() -> None:
    """One for each that is given back; whoever asks later does not overtake those in line."""
    slots, came = Semaphore(1), list[int]()
    assert slots.try_acquire()
    tasks = await _waiting(slots, came, 3)
    assert came == []
    slots.release()
    assert not slots.try_acquire()  # it is promised already
    await asyncio.sleep(0)
    assert came == [0]
    slots.release()
    slots.release()
    await asyncio.gather(*tasks)
    assert came == [0, 1, 2]
    assert not slots.try_acquire()
    slots.release()
    assert slots.try_acquire()


async def test_who_is_cancelled_in_line_leaves_it() -> None:
    """The turn goes to the next one."""
    slots, came = Semaphore(1), list[int]()
    assert slots.try_acquire()
    tasks = await _waiting(slots, came, 2)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    slots.release()
    await asyncio.gather(tasks[1])
    assert came == [1]
    assert tasks[0].cancelled()


async def test_a_turn_that_comes_to_who_is_cancelled_is_passed_on() -> None:
    """Given first and cancelled before the task has run: nobody would ever give that turn back."""
    slots, came = Semaphore(1), list[int]()
    assert slots.try_acquire()
    tasks = await _waiting(slots, came, 2)
    slots.release()
    tasks[0].cancel()
    await asyncio.wait(tasks, timeout=GENEROUS)
    assert (tasks[0].cancelled(), came) == (True, [1])


@pytest.mark.parametrize("count", [1, 2])
async def test_a_turn_passes_who_was_cancelled_just_before(count: int) -> None:
    """Cancelled first and given before the task has run: it ends as cancelled, the turn is the next one's or free."""
    slots, came = Semaphore(1), list[int]()
    assert slots.try_acquire()
    tasks = await _waiting(slots, came, count)
    tasks[0].cancel()
    slots.release()
    await asyncio.wait(tasks, timeout=GENEROUS)
    assert tasks[0].cancelled()
    assert (came, slots.try_acquire()) == (([1], False) if count == 2 else ([], True))


async def test_none_is_lost_and_none_made() -> None:
    """Whatever is cancelled when: at the end all are free, and never were more out than there are."""
    chance, slots, out = random.Random(7), Semaphore(3), 0

    async def work() -> None:
        nonlocal out
        if not slots.try_acquire():
            await slots.acquire()
        out += 1
        assert out <= 3
        try:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
        finally:
            out -= 1
            slots.release()

    tasks: list[asyncio.Task[None]] = []
    for _ in range(1_000):
        tasks.append(asyncio.create_task(work()))
        if chance.random() < 0.5:
            chance.choice(tasks[-12:]).cancel()
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
    async with time_limit():
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in ended} <= {type(None), asyncio.CancelledError}
    assert [slots.try_acquire() for _ in range(4)] == [True, True, True, False]
