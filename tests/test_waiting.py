"""Waiting for a condition: at once, later, or never."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.waiting import Turns, idle, settle, until, until_true


async def test_other_tasks_run_meanwhile() -> None:
    """The condition comes true by another task."""
    seen: list[int] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(1)

    task = asyncio.create_task(work())
    await until(lambda: seen)
    await task


async def test_what_does_not_come_true_fails() -> None:
    """With the place of the condition."""
    with pytest.raises(AssertionError, match=r"still not after 0 s: .*test_waiting\.py:\d+"):
        await until(lambda: False, within=0)
    with pytest.raises(AssertionError, match="still not"):
        until_true(lambda: False, within=0)
    until_true(lambda: True, within=0)


async def test_settling_lets_a_chain_of_tasks_end() -> None:
    """Each of which begins when the one before it ended."""
    ended: list[int] = []

    async def chain(length: int) -> None:
        if length:
            await asyncio.create_task(chain(length - 1))
        ended.append(length)

    task = asyncio.create_task(chain(3))
    await settle()
    assert ended == [0, 1, 2, 3]
    await task


async def test_a_thread_at_work_is_not_idle() -> None:
    """Nor is a loop with something to do."""
    ended: list[int] = []

    def work() -> None:
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        ended.append(1)

    working = asyncio.ensure_future(asyncio.to_thread(work))
    await idle()
    assert ended == [1]
    await working


async def test_turns_of_another_task_are_counted() -> None:
    """None when nothing gives way."""
    async with Turns() as turns:
        assert turns.count == 0
        for _ in range(5):
            await asyncio.sleep(0)
    assert turns.count >= 4
