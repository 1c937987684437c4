"""Time limits on the hot path, where nearly none is ever met: all of them together cost one timer of the event loop.

A timer of its own costs each limit as much as a task does. Here limits are put into slots of time, and what is lifted
is only taken out of its slot again.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Final

from connectors.aio.interrupt import Interrupt

TICK: Final = 0.005
"""Seconds of one slot: a limit strikes up to so much too late, never too early."""


class TimeLimit(Interrupt):
    """Cancels the task that made it after so many seconds. Whoever makes it lifts it when the guarded work is over."""

    __slots__ = ("_slot",)

    def __init__(self, seconds: float) -> None:
        global _newest
        loop = asyncio.get_running_loop()
        Interrupt.__init__(self, loop)
        slots = _newest
        if slots is None or slots.loop is not loop:
            slots = _newest = _Slots(loop)
        self._slot = slot = slots[int((time.monotonic() + seconds) / TICK) + 1]
        slot.add(self)

    def lift(self) -> None:
        """It strikes no more."""
        self._slot.discard(self)


class _Slots(dict[int, set["TimeLimit"]]):
    """The limits of one event loop, by the tick of `time.monotonic()` at which they strike. Asking makes the slot."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self._ticks: list[int] = []
        """The keys, as a heap."""
        self._timer: asyncio.TimerHandle | None = None

    def __missing__(self, tick: int) -> set[TimeLimit]:
        slot = self[tick] = set()
        heapq.heappush(self._ticks, tick)
        if self._ticks[0] == tick:
            self._wait()
        return slot

    def _wait(self) -> None:
        """For the first slot."""
        if self._timer is not None:
            self._timer.cancel()
        left = self._ticks[0] * TICK - time.monotonic()
        self._timer = self.loop.call_later(max(left, 0.0), self._strike)

    def _strike(self) -> None:
        self._timer = None
        now = time.monotonic()
        while self._ticks and (self._ticks[0] * TICK <= now or not self[self._ticks[0]]):
            for limit in self.pop(heapq.heappop(self._ticks)):
                limit()
        if self._ticks:
            self._wait()


_newest: _Slots | None = None
"""Those of the event loop that asked last: a process has one."""
