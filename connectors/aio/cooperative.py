"""Cooperative work: what takes long is done in slices, and the event loop runs other tasks between them.

Used where records are decoded, created and completed. Small work is done in one go.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from copy import deepcopy
from typing import Any, Final

SLICE: Final = 1_000
"""Items of a list in one slice: about a millisecond of work."""
FIRST_SLICE: Final = 128
"""Items of the first slice where it is not known how long each takes."""
MAX_SECONDS: Final = 0.005
"""What one slice of such work should take at most."""
LARGE: Final = 500_000
"""Bytes that are decoded in one go: about two milliseconds of usual JSON."""

LARGE_TYPED: Final = 4_000_000
"""The same where records are decoded as what is selected of them."""

_COPIES: Final = 10_000
"""Values that are copied in one slice: about a millisecond."""
_IMMUTABLE: Final = frozenset((str, int, float, bool, type(None)))


async def yield_to_loop() -> None:
    """Let other tasks run."""
    await asyncio.sleep(0)


def slices(count: int) -> Iterator[range]:
    """The indexes of one slice after the other."""
    return (range(start, min(start + SLICE, count)) for start in range(0, count, SLICE))


class Turnstile:
    """Lets tasks of one owner go on one at a time: in each pass of the event loop only one of them does."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Let other tasks run, also those of other owners."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._release_one)
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _release_one(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._release_one)


async def paced_slices(count: int, turnstile: Turnstile) -> AsyncGenerator[range, None]:
    """As `slices`, for work whose length is not known: each is as long as the time of those before allows.

    Before each, other tasks run. `turnstile` is shared by all work of one owner.
    """
    start, size = 0, FIRST_SLICE
    while start < count:
        await turnstile.wait()
        began = time.perf_counter()
        yield range(start, min(start + size, count))
        took = time.perf_counter() - began
        start += size
        if took > MAX_SECONDS:
            size = max(1, size // 2)
        elif took < MAX_SECONDS / 4:
            size = min(SLICE, 2 * size)


async def copy_in_slices(value: Any) -> Any:
    """Copy plain data with all its dicts and lists; other tasks run between slices of a large one."""
    if type(value) is not dict and type(value) is not list:
        return deepcopy(value)
    copied = value.copy()
    waiting: list[dict[Any, Any] | list[Any]] = [copied]
    left = _COPIES
    while waiting:
        container: Any = waiting.pop()
        for key, item in container.items() if type(container) is dict else enumerate(container):
            kind = type(item)
            if kind is dict or kind is list:
                container[key] = inner = item.copy()
                waiting.append(inner)
            elif kind not in _IMMUTABLE:
                container[key] = deepcopy(item)
            left -= 1
            if not left:
                await yield_to_loop()
                left = _COPIES
    return copied
