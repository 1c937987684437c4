"""A bounded queue between a stream of messages and one subscriber. Used where one subscription serves many."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Overflow = Literal["drop_oldest", "coalesce", "disconnect"]
"""What happens to a subscriber that is too slow: it loses the oldest, has only the newest, or is disconnected."""


class BoundedQueue(Generic[T]):
    """Holds at most `size` messages for one subscriber, which reads with `async for`.

    Putting never waits, so that a slow subscriber delays no other one.
    """

    def __init__(self, size: int, overflow: Overflow, overflow_error: Exception) -> None:
        """`overflow_error` is raised to a subscriber that `disconnect` disconnects."""
        self._messages: deque[T] = deque()
        self._size = 1 if overflow == "coalesce" else size
        self._overflow = overflow
        self._overflow_error = overflow_error
        self._error: Exception | None = None
        self._is_closed = False
        self._changed = asyncio.Event()
        self.dropped = 0
        """Messages that this subscriber did not get."""
        self.reported = 0
        """Those of them that `report_dropped` has returned."""

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: T) -> None:
        """Add a message, making room as `overflow` says. After `close` it is ignored."""
        if self._is_closed:
            return
        if len(self._messages) >= self._size:
            self.dropped += 1
            if self._overflow == "disconnect":
                self.close(self._overflow_error)
                return
            self._messages.popleft()
        self._messages.append(message)
        self._changed.set()

    def report_dropped(self) -> int:
        """How many were dropped since the last call."""
        number, self.reported = self.dropped - self.reported, self.dropped
        return number

    def close(self, error: Exception | None = None) -> None:
        """Take no more messages; those in the queue are still read, then `error` is raised. The first call counts."""
        if not self._is_closed:
            self._is_closed, self._error = True, error
            self._changed.set()

    def __aiter__(self) -> BoundedQueue[T]:
        return self

    async def __anext__(self) -> T:
        """The next message. Raises the error that `close` was given."""
        while not self._messages:
            if self._is_closed:
                raise self._error or StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._messages.popleft()
