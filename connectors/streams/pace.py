"""Lets subscribers empty their queues in the midst of a burst. For readers that deal messages to queues."""

from __future__ import annotations

import asyncio

_MAX_BURST = 16
_ROUNDS_PER_MESSAGE = 2


class Pace:
    """Slows a reader that finds many messages waiting, so that only subscribers that are really slow lose any.

    One piece of network may hold more messages than a queue, and reading them never waits: without a rest, no
    subscriber would run before its queue has overflowed. Messages that come one by one are not slowed.
    """

    def __init__(self, buffer: int) -> None:
        """`buffer` is the size of a queue."""
        self._max_burst = max(1, min(_MAX_BURST, buffer // 2))
        self._count = 0

    async def rest(self) -> None:
        """Let subscribers read, if many messages came at once. To be awaited after every message."""
        self._count += 1
        if self._count == 1:
            asyncio.get_running_loop().call_soon(self._reset)
        if self._count >= self._max_burst:
            for _ in range(self._max_burst * _ROUNDS_PER_MESSAGE):
                await asyncio.sleep(0)

    def _reset(self) -> None:
        """The event loop has run other tasks, by itself or because of `rest`."""
        self._count = 0
