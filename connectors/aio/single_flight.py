"""Flights: work that some do and others wait for. Used for calls and for whole operations that are the same.

Whoever comes first does the work in its own task and costs itself hardly more than a key. When it is cut short, by its
deadline or because its client hung up, it has nothing to share: one of those who wait starts anew.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Flight(Generic[T]):
    """One piece of work under way."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[T | None]] = []

    @property
    def is_awaited(self) -> bool:
        """Whether anybody waits for it."""
        return bool(self._waiters)

    def land(self, landed: T | None) -> None:
        """Give this to all who wait; None is for nothing, so that they start anew."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(landed)
        self._waiters.clear()

    async def landed(self, seconds: float | None) -> T | None:
        """What it comes to, or None when it was cut short or takes longer than so many seconds."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T | None] = loop.create_future()
        self._waiters.append(waiter)
        if seconds is None:
            return await waiter
        timer = loop.call_later(seconds, _give_up, waiter)  # `asyncio.timeout` would take three times as long
        try:
            return await waiter
        finally:
            timer.cancel()


def _give_up(waiter: asyncio.Future[T | None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
