"""Items with heartbeats in silence, until they, the client or the server end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from bff.http.asgi import Exchange, Message
from bff.http.extensions import add_stop_event, announce_stop
from bff.http.transports.heartbeat import add_heartbeats, watch_for_end
from tests.waiting import time_limit


async def items(*waits: asyncio.Event) -> AsyncGenerator[int, None]:
    """One number after each event."""
    for number, wait in enumerate(waits):
        await wait.wait()
        yield number


def opened() -> asyncio.Event:
    """An event that has happened."""
    event = asyncio.Event()
    event.set()
    return event


async def test_silence_is_filled_and_items_are_not_lost() -> None:
    """A heartbeat does not cancel the item that is awaited."""
    second, end = asyncio.Event(), asyncio.ensure_future(asyncio.sleep(60))
    got: list[int | None] = []
    async with time_limit():
        async for item in add_heartbeats(items(opened(), second, opened()), end, 0.01):
            got.append(item)
            if got.count(None) == 2:
                second.set()
    assert got[:3] == [0, None, None]
    assert [each for each in got if each is not None] == [0, 1, 2]
    end.cancel()


async def test_the_end_stops_an_item_that_is_awaited() -> None:
    """And closes nothing that its owner closes."""
    end = asyncio.Event()
    waiting = asyncio.ensure_future(end.wait())
    got: list[int | None] = []
    async with time_limit():
        async for item in add_heartbeats(items(opened(), asyncio.Event()), waiting, None):  # type: ignore[arg-type]
            got.append(item)
            end.set()
    assert got == [0]


async def test_a_client_or_a_stop_is_the_end() -> None:
    """The stop only where it was asked for: an answer in parts is finished."""
    state: dict[str, object] = {}
    add_stop_event(state)
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    exchange = Exchange({"method": "GET", "path": "/", "state": state}, receive, send, {}, "")
    async with (
        time_limit(),
        watch_for_end(exchange, also_at_stop=True) as with_stop,
        watch_for_end(exchange, also_at_stop=False) as without,
    ):
        announce_stop(state)
        await with_stop
        assert not without.done()
        gone.set()
        await without
