"""Time as something that is handed in, so that a test moves it instead of waiting. Used by all that waits or expires.

Tests hand in `connectors.testing.ManualClock`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from connectors.aio.interrupt import Interrupt
from connectors.aio.timeout import Timeout


class Timer(Protocol):
    """A callback that is still to come."""

    def cancel(self) -> None:
        """Do not call it."""


class Clock(Protocol):
    """Seconds that only go forward, and the ways to wait for them."""

    def now(self) -> float:
        """Seconds since an arbitrary moment."""

    async def sleep(self, seconds: float, /) -> None:
        """Return when so many seconds have passed."""

    def timeout(self, seconds: float, /) -> Interrupt:
        """Cancels the current task after so many seconds, unless `cancel` is called before. For the hot path."""

    def call_later(self, seconds: float, callback: Callable[..., object], /, *arguments: Any) -> Timer:
        """Call the callback after so many seconds."""


class SystemClock:
    """The clock of the machine: `time.monotonic` and the timers of the running event loop."""

    __slots__ = ()
    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)
    timeout = Timeout

    def call_later(self, seconds: float, callback: Callable[..., object], /, *arguments: Any) -> Timer:
        """As Clock.call_later."""
        return asyncio.get_running_loop().call_later(seconds, callback, *arguments)


SYSTEM_CLOCK: Final[Clock] = SystemClock()


def seconds_until(deadline: float | None, clock: Clock = SYSTEM_CLOCK) -> float | None:
    """The seconds until a deadline, negative when it has passed; None when there is none."""
    return None if deadline is None else deadline - clock.now()


@asynccontextmanager
async def timeout_after(seconds: float | None, clock: Clock = SYSTEM_CLOCK) -> AsyncIterator[None]:
    """Raise TimeoutError when what is inside takes longer; None sets no limit. `asyncio.timeout` with a clock."""
    if seconds is None:
        yield
        return
    timeout = clock.timeout(seconds)
    try:
        yield
    except asyncio.CancelledError:
        if timeout.is_ours():
            raise TimeoutError from None
        raise
    finally:
        timeout.cancel()
