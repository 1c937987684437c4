"""Room for large responses: they are encoded only while those that clients have not read yet leave room for them.

One per process, made by the door. Small responses never wait, so that clients that do not read cost the others nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from bff.contract import Problem
from bff.observability.metrics import count_refusal

SMALL: Final = 65_536
"""Bytes of a response that are written at once."""
MAX_WAITING: Final = 16
"""Answers that wait for room; each holds what it was made of."""
PATIENCE: Final = 1.0
"""Seconds after which room is made for an answer that waits: the client that read least is cut off."""
_OF_A_VALUE: Final = 8
"""Bytes that a number or a name is taken for."""


class ResponseRoom:
    """The bytes of large responses under way in this process."""

    __slots__ = ("_held", "_max_bytes", "_timeout", "_waiting", "is_crowded")

    def __init__(self, max_bytes: int, timeout: float) -> None:
        """One response is taken when less than `max_bytes` are held, whatever its size.

        It waits for up to `timeout` seconds.
        """
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._held = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.is_crowded = False
        """Whether `wait` is to be awaited before a large answer is encoded."""

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """A response of this size is encoded, and is written in this block."""
        self.hold(size)
        try:
            yield
        finally:
            self.release(size)

    def hold(self, size: int) -> None:
        """A response of this size is encoded; `release` must follow when it is written."""
        self._held += size
        self.is_crowded = self._held >= self._max_bytes

    def release(self, size: int) -> None:
        """The response is written, or given up."""
        self._held -= size
        self.is_crowded = self._held >= self._max_bytes
        self._wake_next()

    async def wait(self, value: Any, make_room: Callable[[], None]) -> None:
        """Return when the JSON of `value` may be made. Raises Refused if there is no room in time.

        `make_room` aborts the connection whose client read least.
        """
        if is_small(value):
            return
        end = asyncio.get_running_loop().time() + self._timeout
        while self.is_crowded:
            left = end - asyncio.get_running_loop().time()
            if len(self._waiting) >= MAX_WAITING or left <= 0:
                count_refusal("max_unsent")
                raise Problem.SERVER_OVERLOADED.refusal(
                    "Too many large responses wait for their clients; try again later.",
                    retry_after="1",
                    connection="close",
                )
            if not await self._wait_once(min(PATIENCE, left)) and self.is_crowded:
                make_room()

    async def _wait_once(self, seconds: float) -> bool:
        """Whether there was room within these seconds."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return False
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            else:
                asyncio.get_running_loop().call_soon(self._wake_next)  # when this one holds what it has encoded
        return True

    def _wake_next(self) -> None:
        while self._waiting and not self.is_crowded:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(None)
                return


def is_small(value: Any) -> bool:
    """Whether the JSON of plain values or records is surely small; looks at no more than that takes."""
    left, waiting = SMALL, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str | bytes):
            left -= len(each) + 2
        elif isinstance(each, Mapping):
            left -= sum(map(len, map(str, each))) if len(each) < left else left + 1
            waiting += each.values() if left > 0 else ()
        elif isinstance(each, list | tuple):
            left -= len(each) * _OF_A_VALUE
            waiting += each if left > 0 else ()
        else:
            fields = getattr(type(each), "__struct_fields__", ())
            left -= _OF_A_VALUE + _OF_A_VALUE * len(fields)
            waiting += (getattr(each, name) for name in fields)
        if left < 0:
            return False
    return True
