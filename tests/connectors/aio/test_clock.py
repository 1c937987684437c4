"""The clock of the machine, and what is left of a deadline."""

from __future__ import annotations

import time

from connectors.aio.clock import SYSTEM_CLOCK, left_until
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
    assert [left_until(deadline, clock) for deadline in (103.5, 100.0, 99.0, None)] == [3.5, 0.0, -1.0, None]
