"""The deadline of a call, for connectors that wait for messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue
from connectors.contract import Call
from connectors.errors import UpstreamTimeout


@asynccontextmanager
async def in_time(call: Call, late: str) -> AsyncIterator[None]:
    """Raise UpstreamTimeout, saying `late`, when the call's deadline passes inside, or has passed already."""
    left = None if call.deadline is None else call.deadline - time.monotonic()
    if left is not None and left <= 0:
        raise UpstreamTimeout(call.operation, "the deadline of the call has passed")
    limit = asyncio.timeout(left)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if limit.expired():
            raise UpstreamTimeout(call.operation, late) from error
        raise


@contextmanager
def open_until_deadline(call: Call, queue: BoundedQueue[Any]) -> Iterator[None]:
    """End a viewer's queue with UpstreamTimeout when the call's deadline passes inside."""
    if call.deadline is None:
        yield
        return
    late = UpstreamTimeout(call.operation, "the deadline of the subscription has passed")
    timer = asyncio.get_running_loop().call_later(call.deadline - time.monotonic(), queue.close, late)
    try:
        yield
    finally:
        timer.cancel()
