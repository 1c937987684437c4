"""Time as something that is handed in, so that a test moves it instead of waiting. Used by all that waits or expires.

Tests hand in `connectors.testing.ManualClock`.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol


class Clock(Protocol):
    """Seconds that only go forward, and a way to wait for them."""

    def now(self) -> float:
        """Seconds since an arbitrary moment."""

    async def sleep(self, seconds: float, /) -> None:
        """Return when so many seconds have passed."""


class SystemClock:
    """The clock of the machine: `time.monotonic` and `asyncio.sleep`."""

    __slots__ = ()
    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)


SYSTEM_CLOCK: Final[Clock] = SystemClock()


def left_until(deadline: float | None, clock: Clock = SYSTEM_CLOCK) -> float | None:
    """The seconds until a deadline, negative when it has passed; None when there is none."""
    return None if deadline is None else deadline - clock.now()
