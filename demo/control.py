"""The control surface of one upstream: slow it, break it, count its calls. Every server asks it before it answers."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

Failure = Literal["error", "garbage", "hang", "drop"]
"""An error of the protocol, bytes that are no answer, no answer at all, a broken connection."""
FAILURES: tuple[Failure, ...] = ("error", "garbage", "hang", "drop")
REMEMBERED = 10_000


@dataclass(slots=True)
class Control:
    """How an upstream behaves, and what it was asked."""

    delay: float = 0.0
    """Seconds before each answer."""
    fail: Failure | None = None
    calls: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """The newest calls as short texts, such as `GET /products` or `GetPrices x40`."""
    count: Counter[str] = field(default_factory=Counter)
    """Calls by the first word or two, without numbers."""
    cancelled: int = 0
    """Calls whose caller went away before they were answered."""

    async def asked(self, operation: str, size: int | None = None) -> Failure | None:
        """Note a call, wait as told, and say how to fail; never returns while hanging."""
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
        """Behave well and forget all calls."""
        self.delay, self.fail, self.cancelled = 0.0, None, 0
        self.calls.clear()
        self.count.clear()
