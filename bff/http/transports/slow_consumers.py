"""What happens to a subscriber that reads more slowly than events come: `server.subscriptions.overflow`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import structlog

from bff.contract import Answer, Answers, Problem
from bff.http.options import Subscriptions
from bff.http.timeouts import Timeouts
from connectors.aio.bounded_queue import BoundedQueue, Overflow
from connectors.streams.pace import Pace

log = structlog.get_logger("bff.http")


def bound_backlog(answers: Answers, options: Subscriptions, abort: Callable[[], None], timeouts: Timeouts) -> Answers:
    """The same events, requested and buffered as `options.overflow` says.

    With `disconnect`, events of a subscriber that is too slow end with Refused; `abort` ends its connection if it does
    not read even that in time.
    """
    if options.overflow == "wait":
        return answers
    stop = (abort, timeouts.slow_subscriber) if options.overflow == "disconnect" else None
    return _buffer_events(answers, options.overflow, options.buffer, stop)


async def _buffer_events(
    answers: Answers, overflow: Overflow, size: int, stop: tuple[Callable[[], None], float] | None
) -> Answers:
    too_slow = Problem.SUBSCRIBER_TOO_SLOW.refusal(f"Events came faster than they were read: {size} waited already.")
    queue: BoundedQueue[Answer] = BoundedQueue(size, overflow, too_slow)
    filling = asyncio.ensure_future(_fill_queue(queue, answers, Pace(size), stop))
    try:
        async for answer in queue:
            yield answer
    finally:
        filling.cancel()
        await asyncio.wait({filling})
        if queue.dropped:
            log.info("events_dropped", count=queue.dropped, slow=overflow)


async def _fill_queue(
    queue: BoundedQueue[Answer], answers: Answers, pace: Pace, stop: tuple[Callable[[], None], float] | None
) -> None:
    """Put events into the queue as they come, whether or not they are read. Raises nothing but cancellation."""
    try:
        async with aclosing(answers):
            async for answer in answers:
                queue.put(answer)
                if queue.dropped and stop is not None:
                    break
                await pace.dealt()
    except Exception as error:  # noqa: BLE001 - handed to the reader
        queue.close(error)
    else:
        queue.close()
    if queue.dropped and stop is not None:
        abort, seconds = stop
        await asyncio.sleep(seconds)  # cancelled when the reader reaches the end of the queue
        abort()
