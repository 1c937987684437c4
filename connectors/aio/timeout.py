"""Timeouts on the hot path, where nearly none is ever reached: all of them together cost one timer of the event loop.

A timer of its own costs each timeout as much as a task does. Here timeouts are put into buckets of time, and cancelling
one only takes it out of its bucket.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Final

from connectors.aio.interrupt import Interrupt

TICK: Final = 0.005
"""Seconds of one bucket: a timeout fires up to so much too late, never too early."""


class Timeout(Interrupt):
    """Cancels the task that created it after so many seconds. The owner cancels it when the guarded work has ended."""

    __slots__ = ("_bucket",)

    def __init__(self, seconds: float) -> None:
        global _newest
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._has_fired = task, False  # as Interrupt, without a call
        buckets = _newest
        if buckets is None or buckets.loop is not loop:
            buckets = _newest = _Buckets(loop)
        self._bucket = bucket = buckets[int((time.monotonic() + seconds) / TICK) + 1]
        bucket.add(self)

    def cancel(self) -> None:
        """It fires no more."""
        self._bucket.discard(self)


class _Buckets(dict[int, set["Timeout"]]):
    """The timeouts of one event loop, by the tick of `time.monotonic()` at which they fire. A look-up adds one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self._ticks: list[int] = []
        """The keys, as a heap."""
        self._timer: asyncio.TimerHandle | None = None

    def __missing__(self, tick: int) -> set[Timeout]:
        bucket = self[tick] = set()
        heapq.heappush(self._ticks, tick)
        if self._ticks[0] == tick:
            self._set_timer()
        return bucket

    def _set_timer(self) -> None:
        """For the first bucket."""
        if self._timer is not None:
            self._timer.cancel()
        left = self._ticks[0] * TICK - time.monotonic()
        self._timer = self.loop.call_later(max(left, 0.0), self._fire)

    def _fire(self) -> None:
        self._timer = None
        now = time.monotonic()
        while self._ticks and (self._ticks[0] * TICK <= now or not self[self._ticks[0]]):
            for timeout in self.pop(heapq.heappop(self._ticks)):
                timeout()
        if self._ticks:
            self._set_timer()


_newest: _Buckets | None = None
"""Those of the event loop that asked last: a process has one."""
