"""Control of one upstream: delay it, make it fail, count its calls. Every server calls it before it answers."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

Failure = Literal["error", "garbage", "hang", "drop"]
"""A protocol error, invalid bytes, no answer at all, a broken connection."""
FAILURES: tuple[Failure, ...] = ("error", "garbage", "hang", "drop")
MAX_CALLS = 10_000


@dataclass(slots=True)
class Control:
    """How an upstream behaves, and which calls it received."""

    delay: float = 0.0
    """Seconds before each answer."""
    fail: Failure | None = None
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_CALLS))
    """The newest calls as short texts, such as `GET /products` or `GetPrices x40`."""
    count: Counter[str] = field(default_factory=Counter)
    """Calls by the first word or two, without numbers."""
    cancelled: int = 0
    """Calls that were cancelled before they were answered."""

    async def record_call(self, operation: str, size: int | None = None) -> Failure | None:
        """Record a call, wait for the delay, and return how to fail; never return while hanging."""
        self.calls.append(operation if size is None else f"{operation} x{size}")
        self.count[operation] += 1
        try:
            if self.delay:
                await asyncio.sleep(self.delay)
            if self.fail == "hang":
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.fail

    def reset(self) -> None:
        """Remove delay and failure, and forget all calls."""
        self.delay, self.fail, self.cancelled = 0.0, None, 0
        self.calls.clear()
        self.count.clear()
