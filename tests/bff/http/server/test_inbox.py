"""What websockets hold of their clients' messages: who is dropped, and what is refused."""

from __future__ import annotations

import asyncio

from bff.http.options import Websockets
from bff.http.server.inbox import Inbox, Inboxes

OPTIONS = Websockets(max_buffered=100, max_connection_buffered=50)


def make_inboxes(count: int) -> tuple[list[Inbox], list[int]]:
    """Several inboxes of one process, and the numbers of those that were dropped."""
    dropped: list[int] = []
    inboxes = Inboxes(OPTIONS)
    made = [Inbox(inboxes, lambda number=number: dropped.append(number), lambda: None) for number in range(count)]
    return made, dropped


async def test_the_one_that_holds_for_the_longest_time_is_dropped() -> None:
    """Not the largest: a client that sends a whole message holds it for a moment."""
    (first, second, third), dropped = make_inboxes(3)
    first.hold(10)
    second.hold(60)
    third.hold(90)
    assert dropped == [0, 1]
    assert (first.held, second.held, third.held) == (0, 0, 90)


async def test_an_inbox_that_was_emptied_begins_anew() -> None:
    """What was handled does not count."""
    (first, second), dropped = make_inboxes(2)
    first.hold(90)
    first.hold(0)
    second.hold(90)
    first.hold(20)
    assert dropped == [1]


async def test_operations_are_bounded_by_connection_and_process() -> None:
    """A first one always runs."""
    (first, second, third), _ = make_inboxes(3)
    assert first.try_begin(1000)
    assert not first.try_begin(1)
    first.end(1000)
    assert [first.try_begin(30), first.try_begin(20), first.try_begin(1)] == [True, True, False]
    assert [second.try_begin(40), second.try_begin(10), second.try_begin(1)] == [True, True, False]
    assert [third.try_begin(1), third.try_begin(1)] == [True, False]
    second.end(10)
    assert third.try_begin(1)


async def test_unpacking_is_spread_over_iterations() -> None:
    """What many clients send at once keeps nobody waiting."""
    inboxes = Inboxes(OPTIONS)
    inboxes.add_unpacked(400_000)
    assert not inboxes.is_busy
    inboxes.add_unpacked(400_000)
    assert inboxes.is_busy
    await asyncio.sleep(0)
    assert not inboxes.is_busy
