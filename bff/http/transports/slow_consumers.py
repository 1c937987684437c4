"""What becomes of a subscriber who reads more slowly than events come: `server.subscriptions.overflow`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import structlog

from bff.contract import Answer, Answers
from bff.http.errors import Problem
from bff.http.options import Subscriptions
from connectors.aio.bounded_queue import BoundedQueue, Overflow
from connectors.streams.pace import Pace

log = structlog.get_logger("bff.http")

PATIENCE = 5.0
"""Seconds that a subscriber who was sent away has for reading so, before the connection is cut."""


def unless_slow(answers: Answers, options: Subscriptions, cut: Callable[[], None]) -> Answers:
    """The same events, asked for and kept as `options.overflow` says.

    Events end with Refused for a subscriber who was sent away; `cut` breaks the connection of one who does not read
    even that.
    """
    return answers if options.overflow == "wait" else _kept(answers, options.overflow, options.buffer, cut)


async def _kept(answers: Answers, overflow: Overflow, size: int, cut: Callable[[], None]) -> Answers:
    sent_away = Problem.SUBSCRIBER_TOO_SLOW.refused(f"Events came faster than they were read: {size} waited already.")
    queue: BoundedQueue[Answer] = BoundedQueue(size, overflow, sent_away)
    filling = asyncio.ensure_future(_fill(queue, answers, Pace(size), cut if overflow == "disconnect" else None))
    try:
        async for answer in queue:
            yield answer
    finally:
        filling.cancel()
        await asyncio.wait({filling})
        if queue.dropped:
            log.info("events_dropped", count=queue.dropped, slow=overflow)


async def _fill(queue: BoundedQueue[Answer], answers: Answers, pace: Pace, cut: Callable[[], None] | None) -> None:
    """Put events into the queue as they come, whether or not somebody reads. Never raises but for cancellation."""
    try:
        async with aclosing(answers):
            async for answer in answers:
                queue.put(answer)
                if queue.dropped and cut is not None:
                    break
                await pace.dealt()
    except Exception as error:  # noqa: BLE001 - handed to the reader
        queue.close(error)
    else:
        queue.close()
    if queue.dropped and cut is not None:
        await asyncio.sleep(PATIENCE)  # cancelled when the reader reaches the end of the queue
        cut()
