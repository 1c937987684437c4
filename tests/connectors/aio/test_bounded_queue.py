"""The bounded queue of a subscriber."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.aio.bounded_queue import BoundedQueue


async def read(queue: BoundedQueue[int]) -> list[int]:
    return [message async for message in queue]


@pytest.mark.parametrize(
    ("overflow", "kept"), [("drop_oldest", [2, 3, 4]), ("coalesce", [4]), ("disconnect", [0, 1, 2])]
)
async def test_a_queue_never_holds_more_than_its_size(overflow: Any, kept: list[int]) -> None:
    """What is kept is what the policy says; the rest is counted."""
    queue: BoundedQueue[int] = BoundedQueue(3, overflow, ValueError("too slow"))
    for number in range(5):
        queue.put(number)
    assert len(queue) == len(kept)
    assert queue.dropped == (1 if overflow == "disconnect" else 5 - len(kept))
    queue.close()
    if overflow == "disconnect":
        with pytest.raises(ValueError, match="too slow"):
            await read(queue)
    else:
        assert await read(queue) == kept


async def test_the_first_end_of_a_queue_counts() -> None:
    """What is in it is read first; nothing goes in afterwards."""
    queue: BoundedQueue[int] = BoundedQueue(3, "drop_oldest", ValueError())
    queue.put(1)
    queue.close(KeyError("first"))
    queue.close(ValueError("second"))
    queue.put(2)
    assert await anext(queue) == 1
    for _ in range(2):
        with pytest.raises(KeyError):
            await anext(queue)


async def test_a_reader_that_gives_up_waiting_loses_nothing() -> None:
    """Cancelling the wait leaves the queue as it was."""
    queue: BoundedQueue[int] = BoundedQueue(3, "drop_oldest", ValueError())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(queue), 0.01)
    queue.put(1)
    assert await anext(queue) == 1
