"""Readers of bursts let subscribers read in between."""

from __future__ import annotations

import asyncio

from connectors.aio.bounded_queue import BoundedQueue
from connectors.streams.pace import Pace


async def read(queue: BoundedQueue[int]) -> list[int]:
    return [message async for message in queue]


async def test_a_burst_is_dealt_at_the_pace_of_its_viewers() -> None:
    """A reader that never waits lets a viewer run before its queue overflows; single messages are not slowed."""
    queue: BoundedQueue[int] = BoundedQueue(8, "disconnect", ValueError("overflow"))
    reading = asyncio.create_task(read(queue))
    pace = Pace(8)
    for number in range(500):
        queue.put(number)
        await pace.rest()
    queue.close()
    assert await reading == list(range(500))
