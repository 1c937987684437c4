"""What happens to a subscriber that reads more slowly than events come: `server.subscriptions.overflow`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from bff.contract import Answer, Answers, Problem
from bff.http.options import Subscriptions, Timeouts
from bff.observability.logger import get_logger
from connectors.aio.bounded_queue import BoundedQueue, Overflow
from connectors.streams.pace import Pace

log = get_logger("bff.http")


def limit_backlog(answers: Answers, options: Subscriptions, abort: Callable[[], None], timeouts: Timeouts) -> Answers:
    """The same events, requested and buffered as `options.overflow` says.

    With `disconnect`, events of a subscriber that is too slow end with Refused; `abort` ends its connection if it does
    not read even that in time.
    """
    if options.overflow == "wait":
        return answers
    disconnect = _Disconnect(abort, timeouts) if options.overflow == "disconnect" else None
    return _buffer_events(answers, options.overflow, options.buffer, disconnect)


@dataclass(frozen=True, slots=True)
class _Disconnect:
    """How a subscriber that is too slow is disconnected."""

    abort: Callable[[], None]
    timeouts: Timeouts


async def _buffer_events(answers: Answers, overflow: Overflow, size: int, disconnect: _Disconnect | None) -> Answers:
    too_slow = Problem.SUBSCRIBER_TOO_SLOW.refusal(f"Events came faster than they were read: {size} waited already.")
    queue: BoundedQueue[Answer] = BoundedQueue(size, overflow, too_slow)
    filling = asyncio.ensure_future(_fill_queue(queue, answers, Pace(size), disconnect))
    try:
        async for answer in queue:
            yield answer
    finally:
        filling.cancel()
        await asyncio.wait({filling})
        if queue.dropped:
            log.info("events_dropped", count=queue.dropped, slow=overflow)


async def _fill_queue(
    queue: BoundedQueue[Answer], answers: Answers, pace: Pace, disconnect: _Disconnect | None
) -> None:
    """Put events into the queue as they come, whether or not they are read. Raises nothing but cancellation."""
    try:
        async with aclosing(answers):
            async for answer in answers:
                queue.put(answer)
                if queue.dropped and disconnect is not None:
                    break
                await pace.rest()
    except Exception as error:  # noqa: BLE001 - handed to the reader
        queue.close(error)
    else:
        queue.close()
    if queue.dropped and disconnect is not None:
        await disconnect.timeouts.clock.sleep(disconnect.timeouts.slow_subscriber)
        disconnect.abort()  # unless the reader has reached the end of the queue, which cancels this
