"""Time limits: never too early, hardly too late, and never after they are lifted."""

import asyncio
import time

import pytest

from connectors.aio.timeout import Timeout
from tests.waiting import GENEROUS


async def _struck_after(seconds: float) -> float:
    began = time.monotonic()
    limit = Timeout(seconds)
    try:
        await asyncio.sleep(10 * GENEROUS)
    except asyncio.CancelledError:
        assert limit.is_ours()
    finally:
        limit.cancel()
    return time.monotonic() - began


async def test_each_strikes_in_its_own_time() -> None:
    """Whatever was set before or after it."""
    wanted, struck = [0.2, 0.05, 0.1, 0.0, 0.15, 0.05], list[float]()

    async def note(asked: float) -> None:
        assert asked <= await _struck_after(asked) < GENEROUS
        struck.append(asked)

    await asyncio.gather(*map(note, wanted))
    assert struck == sorted(wanted)


async def test_a_lifted_one_never_strikes() -> None:
    """Nor do those that share its slot strike early."""
    Timeout(0.02).cancel()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 0.1)


async def test_the_cancellation_of_others_is_told_apart() -> None:
    """A task that somebody else cancels has not met its limit."""
    seen: list[bool] = []

    async def work() -> None:
        limit = Timeout(10)
        try:
            await asyncio.sleep(10 * GENEROUS)
        except asyncio.CancelledError:
            seen.append(limit.is_ours())
            raise
        finally:
            limit.cancel()

    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert (seen, task.cancelled()) == ([False], True)


async def test_inner_and_outer_limits_of_one_task() -> None:
    """The inner one ends its own work; the outer one goes on guarding."""
    outer = Timeout(1.0)
    assert await _struck_after(0.02) < 1.0
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(10 * GENEROUS)
    assert outer.is_ours()
    outer.cancel()


def test_every_event_loop_has_its_own() -> None:
    """Limits of a loop that has ended hold up no other."""

    async def leave_one() -> None:
        Timeout(60)

    asyncio.run(leave_one())
    assert asyncio.run(_struck_after(0.02)) < 0.5
