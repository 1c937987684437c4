"""The clock of the machine, and what is left of a deadline."""

from __future__ import annotations

import asyncio
import time

import pytest

from connectors.aio.clock import SYSTEM_CLOCK, Clock, seconds_until, timeout_after
from connectors.testing import ManualClock
from tests.waiting import time_limit


async def test_the_clock_of_the_machine() -> None:
    """Deadlines are read on the same clock as `time.monotonic`, and sleeping takes its time."""
    began = time.monotonic()
    assert began <= SYSTEM_CLOCK.now() <= time.monotonic()
    async with time_limit():
        await SYSTEM_CLOCK.sleep(0.01)
    assert SYSTEM_CLOCK.now() - began >= 0.009


def test_seconds_left() -> None:
    """Negative once the deadline has passed, and None without one."""
    clock = ManualClock(100)
    assert [seconds_until(deadline, clock) for deadline in (103.5, 100.0, 99.0, None)] == [3.5, 0.0, -1.0, None]


async def test_a_timer_of_the_machine_calls_back() -> None:
    """Unless it was cancelled."""
    called = asyncio.get_running_loop().create_future()
    SYSTEM_CLOCK.call_later(0.001, called.set_exception, AssertionError("it was cancelled")).cancel()
    SYSTEM_CLOCK.call_later(0.01, called.set_result, "called")
    async with asyncio.timeout(10):
        assert await called == "called"


@pytest.mark.parametrize("clock", [SYSTEM_CLOCK, ManualClock(5)], ids=["system", "manual"])
async def test_what_takes_too_long_is_cancelled(clock: Clock) -> None:
    """And its caller gets a TimeoutError."""
    with pytest.raises(TimeoutError):
        async with timeout_after(0, clock):
            await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_timeout_by_a_manual_clock() -> None:
    """It fires when the test moves time, and not when the work is over by then."""
    clock = ManualClock()

    async def work(seconds: float, limit: float | None) -> str:
        async with timeout_after(limit, clock):
            await clock.sleep(seconds)
            return f"{seconds} s"

    tasks = [asyncio.create_task(work(*each)) for each in ((1, 2), (3, 2), (3, None))]
    await clock.advance(2)
    assert [task.done() for task in tasks] == [True, True, False]
    await clock.advance(1)
    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [str, TimeoutError, str]


async def test_a_cancellation_from_elsewhere_is_no_timeout() -> None:
    """The task ends as cancelled, and the timer is gone."""
    clock = ManualClock()

    async def work() -> None:
        async with timeout_after(10, clock):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(20)
