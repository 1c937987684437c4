"""Event streams by token: reserving, reading, running, stopping, resuming, expiring."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx

from bff.contract import Answer, Problem
from bff.http.options import Timeouts
from connectors.testing import ManualClock
from tests.bff.http.world import World, codes, open_world
from tests.waiting import time_limit, until

TOKEN = "x-graphql-event-stream-token"
FOREVER = "subscription { count(to: 9, pause: 60) }"
COUNT = "subscription { count(to: 3) }"


async def reserve(world: World) -> dict[str, str]:
    response = await world.client.put(f"{world.url}/graphql")
    assert response.status_code == 201
    assert len(response.text) == 46
    return {TOKEN: response.text}


async def run(world: World, token: dict[str, str], id: Any, query: str) -> httpx.Response:
    body = {"query": query, "extensions": {"operationId": id}}
    return await world.client.post(f"{world.url}/graphql", json=body, headers=token)


@asynccontextmanager
async def reading(
    world: World, headers: dict[str, str], query: str = ""
) -> AsyncIterator[AsyncIterator[tuple[int, str, Any]]]:
    async def events(response: httpx.Response) -> AsyncIterator[tuple[int, str, Any]]:
        number, kind = 0, ""
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                yield number, kind, json.loads(line[6:])

    async with world.client.stream("GET", f"{world.url}/graphql{query}", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield events(response)


async def closed(world: World, token: dict[str, str]) -> None:
    """Until the server has noticed that the reader has gone; a resumption that cannot be does not open the stream."""
    async with time_limit():
        while "STREAM_OPEN" in codes(
            await world.client.get(f"{world.url}/graphql", headers={**token, "last-event-id": "999"})
        ):
            await asyncio.sleep(0.01)


async def test_operations_share_a_stream(world: World) -> None:
    """Each event has a number and names its operation; an id under way is not taken twice."""
    token = await reserve(world)
    async with reading(world, token) as events:
        assert (await run(world, token, "a", FOREVER)).status_code == 202
        assert await anext(events) == (1, "next", {"id": "a", "payload": {"data": {"count": 0}}})
        assert codes(await run(world, token, "a", FOREVER)) == ["OPERATION_EXISTS"]
        assert (await run(world, token, "b", "{ hello }")).status_code == 202
        assert await anext(events) == (2, "next", {"id": "b", "payload": {"data": {"hello": "hello world"}}})
        assert await anext(events) == (3, "complete", {"id": "b"})
        await run(world, token, "b", "{ nope }")
        assert "errors" in (await anext(events))[2]["payload"]
        assert (await anext(events))[1] == "complete"
        stopped = await world.client.delete(f"{world.url}/graphql?operationId=a", headers=token)
        assert stopped.status_code == 200
        await until(lambda: world.gateway.streams == 0)


async def test_a_reload_ends_the_stream_without_complete(world: World) -> None:
    """So that the client connects again, and starts its operations again."""

    async def ending():
        yield Answer(data={"n": 1})
        raise Problem.SERVER_STOPPING.refusal("The configuration was reloaded; subscribe again.")

    token = await reserve(world)
    async with reading(world, token) as events:
        world.gateway.result = ending()
        assert (await run(world, token, "a", FOREVER)).status_code == 202
        seen = []
        with suppress(httpx.HTTPError):
            seen += [event async for event in events]
    assert seen == [] or seen == [(1, "next", {"id": "a", "payload": {"data": {"n": 1}}})]


async def test_one_reader_at_a_time(world: World) -> None:
    """And none without a token of ours."""
    token = await reserve(world)
    async with reading(world, token):
        assert codes(await world.client.get(f"{world.url}/graphql", headers=token)) == ["STREAM_OPEN"]
    for method in ("GET", "POST", "DELETE"):
        answer = await world.client.request(
            method,
            f"{world.url}/graphql?operationId=1",
            headers={TOKEN: "es-guess", "content-type": "application/json"},
        )
        assert (answer.status_code, codes(answer)) == (404, ["STREAM_NOT_FOUND"])


async def test_resuming(world: World) -> None:
    """With Last-Event-ID the events after it come again; without, those that were not sent."""
    token = await reserve(world)
    async with reading(world, token) as events:
        await run(world, token, "a", COUNT)
        first = [await anext(events) for _ in range(4)]
    await until(lambda: world.gateway.streams == 0)
    await closed(world, token)
    async with reading(world, {"last-event-id": "1"}, f"?token={token[TOKEN]}") as events:
        assert [await anext(events) for _ in range(3)] == first[1:]
    await closed(world, token)
    await run(world, token, "b", "{ hello }")
    async with reading(world, token) as events:
        assert (await anext(events))[0] == 5


async def test_events_that_are_gone() -> None:
    """Only `buffer` that were sent are kept; the client is told and begins anew."""
    async with open_world(subscriptions={"buffer": 2}) as world:
        token = await reserve(world)
        async with reading(world, token) as events:
            await run(world, token, "a", "subscription { count(to: 9) }")
            async for _, kind, _ in events:
                if kind == "complete":
                    break
        await closed(world, token)
        for given, code in (("1", "EVENTS_LOST"), ("99", "EVENTS_LOST"), ("x", "BAD_REQUEST")):
            again = {**token, "last-event-id": given}
            assert codes(await world.client.get(f"{world.url}/graphql", headers=again)) == [code]


async def test_reservations_are_bounded_and_expire() -> None:
    """With everything that ran on them."""
    clock = ManualClock()
    async with open_world(Timeouts(clock=clock), subscriptions={"max_streams": 1}) as world:
        token = await reserve(world)
        assert codes(await world.client.put(f"{world.url}/graphql")) == ["TOO_MANY_STREAMS"]
        await run(world, token, "a", FOREVER)
        await until(lambda: world.gateway.streams == 1)
        await clock.advance(Timeouts().unread_stream - 0.1)
        assert world.gateway.streams == 1
        await clock.advance(0.1)
        await until(lambda: world.gateway.streams == 0)
        assert codes(await run(world, token, "a", FOREVER)) == ["STREAM_NOT_FOUND"]
        await reserve(world)


async def test_turned_off() -> None:
    """PUT is refused like any other method."""
    async with open_world(subscriptions={"max_streams": 0}) as world:
        assert (await world.client.put(f"{world.url}/graphql")).status_code == 405


async def test_the_stop_leaves_nothing_behind() -> None:
    """Operations end with the server."""
    async with open_world() as world:
        token = await reserve(world)
        await run(world, token, "a", FOREVER)
        await until(lambda: world.gateway.streams == 1)
    assert world.gateway.streams == 0
