"""The parts that one subscription for many viewers is made of: queues, audiences, pace, backoff."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.aio.bounded_queue import BoundedQueue
from connectors.streams.audience import Audience, to_comparable
from connectors.streams.pace import Pace
from connectors.streams.reconnect import Backoff, Reconnect
from connectors.testing import ManualClock


async def read(queue: BoundedQueue[int]) -> list[int]:
    return [message async for message in queue]


@pytest.mark.parametrize(
    ("overflow", "kept"), [("drop_oldest", [2, 3, 4]), ("coalesce", [4]), ("disconnect", [0, 1, 2])]
)
async def test_a_mailbox_never_holds_more_than_its_size(overflow: Any, kept: list[int]) -> None:
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


async def test_the_first_end_of_a_mailbox_counts() -> None:
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


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "1", "true", "a"]), st.just(1.0))


@given(
    wanted=st.lists(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), max_size=8),
    message=st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES),
)
def test_an_audience_hears_what_comparing_each_viewer_would_find(wanted: list[dict], message: dict) -> None:
    """The index by values is only faster than asking everyone, never different."""
    audience: Audience[dict] = Audience()
    heard: list[int] = []
    joined = [
        audience.join({(name,): value for name, value in each.items()}, lambda _, index=index: heard.append(index))
        for index, each in enumerate(wanted)
    ]
    for each in joined:
        each.__enter__()
    expected = [
        index
        for index, each in enumerate(wanted)
        if all(to_comparable(message.get(name)) == to_comparable(value) for name, value in each.items())
    ]
    assert audience.deliver(message, message) == bool(expected)
    assert sorted(heard) == expected
    for each in joined:
        each.__exit__(None, None, None)
    assert not audience.deliver(message, message)
    assert not audience._rows


def test_the_newest_message_is_kept_while_somebody_listens() -> None:
    """And forgotten with the last one, so that nobody sees a value of yesterday."""
    audience: Audience[str] = Audience()
    late: list[str] = []
    with audience.join({("sym",): "A"}, lambda _: None):
        audience.deliver({"sym": "A"}, "newest")
        with audience.join({("sym",): "A"}, late.append, newest=True):
            assert late == ["newest"]
    with audience.join({("sym",): "A"}, late.append, newest=True):
        assert late == ["newest"]


def test_the_work_for_a_message_does_not_grow_with_the_viewers_of_others() -> None:
    """Ten thousand viewers of other topics cost next to nothing."""

    def seconds(viewers: int) -> float:
        audience: Audience[int] = Audience()
        for number in range(viewers):
            audience.join({("sym",): str(number)}, lambda _: None).__enter__()
        began = time.process_time()
        for number in range(2000):
            audience.deliver({"sym": "0"}, number)
        return time.process_time() - began

    assert seconds(10_000) < 10 * seconds(1) + 0.05


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


def test_pauses_double_up_to_the_most_with_jitter() -> None:
    """Between half and all of 0.1, 0.2, 0.4, 0.4 ... seconds."""
    backoff = Backoff(Reconnect(initial_delay=0.1, max_delay=0.4, give_up_after=60.0))
    for whole in (0.1, 0.2, 0.4, 0.4):
        assert whole / 2 <= backoff.next_delay() <= whole
    assert not backoff.has_given_up


def test_a_connection_that_breaks_at_once_does_not_make_pauses_shorter() -> None:
    """Only one that lasted starts over with the first pause."""
    backoff = Backoff(Reconnect(initial_delay=0.1, max_delay=10.0, give_up_after=60.0))
    for _ in range(3):
        backoff.next_delay()
    backoff.record_loss(open_for=0.01)
    assert backoff.next_delay() >= 0.4
    backoff.record_loss(open_for=30.0)
    assert backoff.next_delay() <= 0.1


async def test_hope_ends_after_give_up() -> None:
    """Counted from when the connection was lost."""
    clock = ManualClock()
    backoff = Backoff(Reconnect(initial_delay="100ms", max_delay="1s", give_up_after="10s"), clock)
    assert not backoff.has_given_up
    await clock.advance(11)
    assert backoff.has_given_up
    backoff.record_loss(open_for=1.0)
    assert not backoff.has_given_up
