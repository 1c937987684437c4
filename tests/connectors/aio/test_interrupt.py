"""Interrupts: a cancellation of one's own is told from everybody else's, whichever comes first."""

from __future__ import annotations

import asyncio

import pytest

from connectors.aio.interrupt import Interrupt
from tests.waiting import GENEROUS


async def _limited(interrupts: list[Interrupt]) -> str:
    """Work that takes for ever, with a time limit that a test strikes."""
    interrupt = Interrupt()
    interrupts.append(interrupt)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if interrupt.is_ours():
            return "too late"
        raise
    return "never"


async def _begun() -> tuple[asyncio.Task[str], Interrupt]:
    interrupts: list[Interrupt] = []
    task = asyncio.create_task(_limited(interrupts))
    await asyncio.sleep(0)
    return task, interrupts[0]


async def test_ours_is_known_and_leaves_nothing_behind() -> None:
    """The task goes on as if it had never been cancelled: `asyncio.timeout` in it works as ever."""

    async def more() -> int:
        task = asyncio.current_task()
        assert task is not None
        timer = asyncio.get_running_loop().call_later(0.01, interrupt := Interrupt())
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()
        timer.cancel()
        assert interrupt.is_ours()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        return task.cancelling()

    assert await asyncio.create_task(more()) == 0


async def test_somebody_elses_is_not_ours() -> None:
    """The task ends as cancelled."""
    task, _ = await _begun()
    task.cancel()
    await asyncio.wait([task], timeout=GENEROUS)
    assert task.cancelled()


@pytest.mark.parametrize("is_ours_first", [True, False])
async def test_of_both_the_other_one_counts(is_ours_first: bool) -> None:
    """Whoever wants the task to end must not be overheard because its time was up at that moment."""
    task, interrupt = await _begun()
    for strike in (interrupt, task.cancel) if is_ours_first else (task.cancel, interrupt):
        strike()
    await asyncio.wait([task], timeout=GENEROUS)
    assert task.cancelled()


async def test_it_strikes_the_task_that_made_it() -> None:
    """Called from a callback, as by a timer, in nobody's task."""
    task, interrupt = await _begun()
    other, _ = await _begun()
    asyncio.get_running_loop().call_soon(interrupt)
    assert await task == "too late"
    assert not other.done()
    other.cancel()
