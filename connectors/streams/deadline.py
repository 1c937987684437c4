"""The deadline of a call. Used by connectors that wait for messages, and wherever a call must have time left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call
from connectors.errors import UpstreamTimeout


def require_time(call: Call, clock: Clock = SYSTEM_CLOCK) -> float | None:
    """The seconds until the deadline; None when there is none. Raises UpstreamTimeout when it has passed."""
    left = call.left(clock)
    if left is not None and left <= 0:
        raise UpstreamTimeout(call.operation, "the deadline had passed before the call could be sent")
    return left


@asynccontextmanager
async def in_time(call: Call, late: str, clock: Clock = SYSTEM_CLOCK) -> AsyncIterator[None]:
    """Raise UpstreamTimeout, saying `late`, when the call's deadline passes inside, or has passed already."""
    left = require_time(call, clock)
    if left is None:
        yield
        return
    timeout = clock.timeout(left)
    try:
        yield
    except asyncio.CancelledError as error:
        if timeout.is_ours():
            raise UpstreamTimeout(call.operation, late) from error
        raise
    finally:
        timeout.cancel()


@contextmanager
def open_until_deadline(call: Call, queue: BoundedQueue[Any], clock: Clock = SYSTEM_CLOCK) -> Iterator[None]:
    """Close a subscriber's queue with UpstreamTimeout when the call's deadline passes inside."""
    left = call.left(clock)
    if left is None:
        yield
        return
    late = UpstreamTimeout(call.operation, "the deadline of the subscription has passed")
    timer = clock.call_later(left, queue.close, late)
    try:
        yield
    finally:
        timer.cancel()
