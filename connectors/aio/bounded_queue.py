"""A bounded mailbox between a stream of messages and one viewer of it. Used where one subscription serves many."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Overflow = Literal["drop_oldest", "coalesce", "disconnect"]
"""What happens to a viewer who is too slow: loses the oldest, keeps only the newest, or is sent away."""


@dataclass(slots=True)
class Counts:
    """Messages of one upstream that were not seen, for whoever watches it."""

    unreadable: int = 0
    """Neither JSON nor within `max_reply`."""
    unclaimed: int = 0
    """Readable, and for nobody who is here."""
    dropped: int = 0
    """Lost by viewers who were too slow and have left since."""


class Mailbox(Generic[T]):
    """Holds at most `size` messages for one viewer, who reads with `async for`.

    Putting never waits, so a slow viewer delays nobody.
    """

    def __init__(self, size: int, overflow: Overflow, sent_away: Exception) -> None:
        """`sent_away` is raised to a viewer whom `disconnect` sends away."""
        self._messages: deque[T] = deque()
        self._size = 1 if overflow == "coalesce" else size
        self._overflow = overflow
        self._sent_away = sent_away
        self._end: Exception | None = None
        self._is_over = False
        self._changed = asyncio.Event()
        self.dropped = 0
        """Messages this viewer did not get."""

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: T) -> None:
        """Add a message, making room as `overflow` says."""
        if self._is_over:
            return
        if len(self._messages) >= self._size:
            self.dropped += 1
            if self._overflow == "disconnect":
                self.end(self._sent_away)
                return
            self._messages.popleft()
        self._messages.append(message)
        self._changed.set()

    def end(self, error: Exception | None = None) -> None:
        """No more messages come; what is in the box is still read, then `error` is raised. The first end counts."""
        if not self._is_over:
            self._is_over, self._end = True, error
            self._changed.set()

    def __aiter__(self) -> Mailbox[T]:
        return self

    async def __anext__(self) -> T:
        """The next message. Raises what `end` was given."""
        while not self._messages:
            if self._is_over:
                raise self._end or StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._messages.popleft()
