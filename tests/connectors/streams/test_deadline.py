"""The deadline of a call, by a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from connectors.aio.bounded_queue import BoundedQueue
from connectors.contract import Call, Operation
from connectors.errors import UpstreamTimeout
from connectors.streams.deadline import in_time, open_until_deadline, require_time
from connectors.testing import ManualClock

WATCH = Operation(upstream="ticker", name="watch")


def call(deadline: float | None) -> Call:
    return Call(operation=WATCH, deadline=deadline)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(100)


def test_a_call_must_have_time_left(clock: ManualClock) -> None:
    """Not a moment is too little."""
    assert require_time(call(None), clock) is None
    assert require_time(call(101.5), clock) == 1.5
    for deadline in (100.0, 99.0):
        with pytest.raises(UpstreamTimeout, match="had passed"):
            require_time(call(deadline), clock)


@pytest.mark.parametrize("deadline", [105.0, None])
async def test_what_takes_too_long_is_late(clock: ManualClock, deadline: float | None) -> None:
    """In the caller's words; without a deadline it may take its time."""

    async def work() -> str:
        async with in_time(call(deadline), "no answer in time", clock):
            await clock.sleep(10)
            return "done"

    task = asyncio.create_task(work())
    await clock.advance(10)
    if deadline is None:
        assert await task == "done"
    else:
        with pytest.raises(UpstreamTimeout, match="no answer in time"):
            await task


async def test_a_cancellation_and_a_timeout_from_inside_stay_what_they_are(clock: ManualClock) -> None:
    """Neither says that the deadline has passed."""

    async def work() -> None:
        async with in_time(call(105.0), "late", clock):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(TimeoutError):
        async with in_time(call(105.0), "late", clock):
            raise TimeoutError


async def test_a_subscription_ends_with_its_deadline(clock: ManualClock) -> None:
    """What came before is still read."""
    queue: BoundedQueue[int] = BoundedQueue(5, "drop_oldest", ValueError())
    with open_until_deadline(call(105.0), queue, clock):
        queue.put(1)
        await clock.advance(5)
    assert await anext(queue) == 1
    with pytest.raises(UpstreamTimeout, match="the deadline of the subscription"):
        await anext(queue)


@pytest.mark.parametrize("deadline", [105.0, None])
async def test_a_subscription_that_was_left_is_not_ended(clock: ManualClock, deadline: float | None) -> None:
    """The timer is gone with it; without a deadline there is none."""
    queue: BoundedQueue[int] = BoundedQueue(5, "drop_oldest", ValueError())
    with open_until_deadline(call(deadline), queue, clock):
        pass
    await clock.advance(10)
    queue.put(1)
    assert await anext(queue) == 1
