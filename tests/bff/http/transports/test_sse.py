"""Server-sent events: framing byte by byte, endings from every side, and nothing left behind."""

from __future__ import annotations

import asyncio

import pytest

from bff.contract import Answer, Problem
from bff.http.door import http_app
from bff.http.options import Options, Timeouts
from tests.bff.http.world import FakeGateway, World, connected, open_world
from tests.serving import serving
from tests.waiting import GENEROUS, steady, until

COUNT = "subscription { count(to: 2) }"
EVENTS = "text/event-stream"
STREAM = (
    b'event: next\ndata: {"data":{"count":0}}\n\nevent: next\ndata: {"data":{"count":1}}\n\nevent: complete\ndata:\n\n'
)


async def test_a_subscription_by_post(world: World) -> None:
    """`next` for each event, `complete` with an empty data line for EventSource, line feeds alone."""
    response = await world.post(COUNT, accept=EVENTS)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.content == STREAM


async def test_a_subscription_by_get(world: World) -> None:
    """As EventSource asks."""
    response = await world.client.get(f"{world.url}/graphql", params={"query": COUNT}, headers={"accept": EVENTS})
    assert response.content == STREAM


@pytest.mark.parametrize(
    "accept", [f"{EVENTS}, application/json", f"application/json;q=0.1, {EVENTS}", f"{EVENTS}, */*;q=0.1"]
)
async def test_a_query_stays_one_response_where_json_is_accepted(world: World, accept: str) -> None:
    """Clients name events in every request, long before they subscribe."""
    response = await world.post("{ hello }", accept=accept)
    assert response.headers["content-type"].startswith("application/json")
    assert (await world.post(COUNT, accept=accept)).content == STREAM


async def test_a_query_of_a_client_that_takes_events_alone(world: World) -> None:
    """One `next`, then `complete` (GraphQL over SSE, distinct connections mode)."""
    response = await world.post("{ hello }", accept=EVENTS)
    assert response.content == b'event: next\ndata: {"data":{"hello":"hello world"}}\n\nevent: complete\ndata:\n\n'


async def test_a_request_error_is_an_event_too(world: World) -> None:
    """EventSource cannot read the body of a 400."""
    response = await world.post("subscription { nope }", accept=EVENTS)
    assert response.status_code == 200
    assert b'event: next\ndata: {"errors":[' in response.content
    assert response.content.endswith(b"event: complete\ndata:\n\n")


async def test_silence_is_filled() -> None:
    """Comments keep proxies from closing the connection."""
    async with open_world(Timeouts(sse_keep_alive=0.05)) as world:
        response = await world.post("subscription { count(to: 1, pause: 0.3) }", accept=EVENTS)
        first, *comments, last = response.text.split("\n\n")[:-1]
        assert first.startswith("event: next")
        assert len(comments) >= 3
        assert set(comments) == {":"}
        assert last == "event: complete\ndata:"


async def test_a_subscriber_that_leaves_ends_the_subscription(world: World) -> None:
    """Also between two events."""
    query = {"query": "subscription { count(to: 2, pause: 60) }"}
    async with world.client.stream("POST", f"{world.url}/graphql", json=query, headers={"accept": EVENTS}) as response:
        assert await anext(response.aiter_lines()) == "event: next"
        assert world.gateway.streams == 1
    await until(lambda: world.gateway.streams == 0)


async def test_a_subscription_that_breaks_says_so_in_safe_words(world: World) -> None:
    """A last coded event, and the story in the log."""

    async def broken():
        yield Answer(data={"n": 1})
        raise RuntimeError("the password is hunter2")

    world.gateway.result = broken()
    response = await world.post(COUNT, accept=EVENTS)
    first, second, last = response.text.split("\n\n")[:-1]
    assert first.endswith('{"data":{"n":1}}')
    assert '"code":"INTERNAL"' in second
    assert last == "event: complete\ndata:"
    assert "hunter2" not in response.text


async def test_a_subscription_that_a_reload_ends_has_no_complete(world: World) -> None:
    """So that clients connect again."""

    async def ending():
        yield Answer(data={"n": 1})
        raise Problem.SERVER_STOPPING.refusal("The configuration was reloaded; subscribe again.")

    world.gateway.result = ending()
    response = await world.post(COUNT, accept=EVENTS)
    assert response.text.split("\n\n")[:-1] == ['event: next\ndata: {"data":{"n":1}}']


async def test_a_reader_that_stops_stops_the_upstream_too(world: World) -> None:
    """Events are asked for as they are written: memory stays flat."""
    body = b'{"query": "subscription { big }"}'
    with connected(world) as client:
        client.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n"
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        await until(lambda: world.gateway.events > 10)
        await steady(lambda: world.gateway.events)
        assert world.gateway.streams == 1
        assert world.gateway.events < 5000
    await until(lambda: world.gateway.streams == 0)


async def test_a_server_that_stops_ends_streams_without_complete() -> None:
    """So that clients connect again, elsewhere, and the stop is quick."""
    gateway = FakeGateway()
    async with open_world() as other:
        async with serving(http_app(lambda: gateway, Options()), graceful_stop=int(10 * GENEROUS)) as url:
            query = {"query": "subscription { count(to: 2, pause: 3600) }"}
            stream = other.client.stream("POST", f"{url}/graphql", json=query, headers={"accept": EVENTS})
            response = await stream.__aenter__()
            text = response.aiter_text()
            assert "event: next" in await anext(text)
            began = asyncio.get_running_loop().time()
        rest = "".join([part async for part in text])
        assert asyncio.get_running_loop().time() - began < GENEROUS
        assert "complete" not in rest
        await stream.__aexit__(None, None, None)
    assert gateway.streams == 0
