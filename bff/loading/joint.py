"""A result that many wait for. Used by scopes for what several fields ask at once.

Whoever asks first does the work in its own task. When that is cut short, one of those who wait does it anew.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Joint(Generic[T]):
    """Ended once. Waiters that are cancelled do not touch it: `asyncio.shield`, at a quarter of its cost."""

    __slots__ = ("_waiters", "given", "is_over")

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []
        self.given: T | None = None
        self.is_over = False

    async def result(self) -> T | None:
        """What the work came to; None when it was cut short."""
        if not self.is_over:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        return self.given

    def end(self, result: T | None) -> None:
        """Wake all who wait; None is for nothing."""
        self.given = result
        self.is_over = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
