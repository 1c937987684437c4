"""multipart/mixed: framing byte by byte, parts as they become ready, endings from every side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bff.authoring import frontend, via
from bff.contract import Refused
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options, Timeouts
from bff.http.transports.graphql_transport_ws import SUBPROTOCOL
from tests.bff.fakes import FakeUpstream, batched, gateway
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit, until

price_of = batched("shop: price", parameter="sku", key="")

PATHS = "multipart/mixed;deferSpec=20220824, application/json"
IDS = "multipart/mixed;incrementalSpec=v0.2, application/json"
APOLLO = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json'
DEFER = '{ item { sku ... @defer(label: "x") { slow } } }'
HEARTBEAT = 0.25
"""Seconds; no test here but that of silence is quiet for as long."""
PART = "\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"


class Gate:
    """Resolvers wait until it is opened; a new one for every test."""

    opened = asyncio.Event()


@strawberry.type
class Item:
    sku: str
    price: int | None = via(price_of, sku="sku")

    @strawberry.field
    async def slow(self) -> str:
        await Gate.opened.wait()
        return "now"


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item:
        return Item(sku="a")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def quiet(self) -> AsyncGenerator[int, None]:
        yield 1
        await Gate.opened.wait()
        yield 2

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("the password is hunter2")


SCHEMA = frontend(query=Query, mutation=Mutation, subscription=Subscription)


@pytest.fixture(autouse=True)
def _closed() -> None:
    Gate.opened = asyncio.Event()


class World:
    """A gateway behind a real server."""

    def __init__(self, shop: FakeUpstream, app: Gateway, url: str, client: httpx.AsyncClient) -> None:
        self.shop, self.app, self.url, self.client = shop, app, url, client

    async def post(self, query: str, accept: str) -> httpx.Response:
        """The whole response."""
        return await self.client.post(self.url + "/graphql/app", json={"query": query}, headers={"accept": accept})

    @asynccontextmanager
    async def stream(self, query: str, accept: str) -> AsyncIterator[tuple[httpx.Response, Any]]:
        """The response, and a function for what has come of it once it ends with some text."""
        call = self.client.stream("POST", self.url + "/graphql/app", json={"query": query}, headers={"accept": accept})
        async with time_limit(), call as response:
            chunks = response.aiter_text()
            got = ""

            async def ends(with_: str) -> str:
                nonlocal got
                while not got.endswith(with_):
                    got += await anext(chunks)
                return got

            yield response, ends


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """One frontend, `app`."""
    shop = FakeUpstream()
    app = gateway(SCHEMA, timeout=60, shop=shop)
    timeouts = Timeouts(multipart_heartbeat=HEARTBEAT)
    async with (
        serving(http_app(lambda: app, Options(), timeouts=timeouts), Options()) as url,
        httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client,
    ):
        yield World(shop, app, url, client)


def payloads(text: str, boundary: str = "-") -> list[Any]:
    """The JSON of each part, by RFC 2046: delimiters, headers, an empty line, the body."""
    before, *parts, after = text.split(f"\r\n--{boundary}")
    assert before == ""
    assert after == "--\r\n"
    assert all(part.startswith(PART) for part in parts)
    return [json.loads(part.removeprefix(PART)) for part in parts]


async def test_parts_go_out_as_they_become_ready(world: World) -> None:
    """Each with the delimiter that ends it, so that no client waits for the next to read the last."""
    async with world.stream(DEFER, PATHS) as (response, ends):
        assert response.status_code == 200
        assert response.headers["content-type"] == 'multipart/mixed; boundary="-"; deferSpec=20220824'
        first = await ends("\r\n---")
        assert first == f'\r\n---{PART}{{"data":{{"item":{{"sku":"a"}}}},"hasNext":true}}\r\n---'
        Gate.opened.set()
        rest = (await ends("\r\n-----\r\n")).removeprefix(first)
    entry = '{"data":{"slow":"now"},"path":["item"],"label":"x"}'
    assert rest == f'{PART}{{"incremental":[{entry}],"hasNext":false}}\r\n-----\r\n'


async def test_the_newer_form_by_its_name(world: World) -> None:
    """`incrementalSpec=v0.2`."""
    Gate.opened.set()
    response = await world.post(DEFER, IDS)
    assert response.headers["content-type"] == 'multipart/mixed; boundary="-"; incrementalSpec=v0.2'
    assert payloads(response.text) == [
        {"data": {"item": {"sku": "a"}}, "pending": [{"id": "0", "path": ["item"], "label": "x"}], "hasNext": True},
        {"incremental": [{"data": {"slow": "now"}, "id": "0"}], "completed": [{"id": "0"}], "hasNext": False},
    ]


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/event-stream, application/json", APOLLO])
async def test_a_client_that_names_no_parts_gets_one_response(world: World, accept: str) -> None:
    """As if the directives were not there."""
    Gate.opened.set()
    response = await world.post(DEFER, accept)
    assert response.headers["content-type"].startswith("application/json")
    assert response.json() == {"data": {"item": {"sku": "a", "slow": "now"}}}


@pytest.mark.parametrize("query", ["{ item { sku } }", "{ item { sku ... @defer(if: false) { price } } }", "{ nope }"])
async def test_what_has_no_parts_is_one_response(world: World, query: str) -> None:
    """Clients name multipart long before there is anything to wait for."""
    response = await world.post(query, PATHS)
    assert response.headers["content-type"].startswith("application/json")


async def test_parts_are_events_for_who_takes_nothing_else(world: World) -> None:
    """Successive `next` events."""
    Gate.opened.set()
    response = await world.post(DEFER, "text/event-stream")
    events = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    assert [json.loads(event)["hasNext"] for event in events] == [True, False]
    assert response.text.endswith("event: complete\ndata:\n\n")


async def test_parts_are_messages_on_a_websocket(world: World) -> None:
    """Successive `next` messages; the first is here while the deferred field waits."""
    url = world.url.replace("http", "ws") + "/graphql/app"
    async with time_limit(), connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None) as socket:
        await socket.send('{"type":"connection_init"}')
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": DEFER}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        first = json.loads(await socket.recv())
        assert first["payload"] == {"data": {"item": {"sku": "a"}}, "hasNext": True}
        Gate.opened.set()
        second = json.loads(await socket.recv())
        entry = {"data": {"slow": "now"}, "path": ["item"], "label": "x"}
        assert second["payload"] == {"incremental": [entry], "hasNext": False}
        assert json.loads(await socket.recv()) == {"id": "1", "type": "complete"}


async def test_completing_an_operation_on_a_websocket_cancels_the_call(world: World) -> None:
    """Between two parts."""
    world.shop.delay = 60
    url = world.url.replace("http", "ws") + "/graphql/app"
    async with time_limit(), connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None) as socket:
        await socket.send('{"type":"connection_init"}')
        query = "{ item { sku ... @defer { price } } }"
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        assert json.loads(await socket.recv())["payload"]["hasNext"]
        await until(lambda: world.shop.calls)
        await socket.send('{"id":"1","type":"complete"}')
        await until(lambda: world.shop.cancelled == 1)


async def test_a_client_that_hangs_up_cancels_the_call(world: World) -> None:
    """In the middle: the first part is here, the upstream is still asked."""
    world.shop.delay = 60
    async with world.stream("{ item { sku ... @defer { price } } }", PATHS) as (_, ends):
        await ends("\r\n---")
        await until(lambda: world.shop.calls)
        assert world.shop.cancelled == 0
    await until(lambda: world.shop.cancelled == 1)


async def test_a_subscription_as_apollo_takes_it(world: World) -> None:
    """An empty part first, then payloads, then the end."""
    response = await world.post("subscription { count(to: 2) }", APOLLO)
    assert response.headers["content-type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'
    assert payloads(response.text, "graphql") == [
        {},
        {"payload": {"data": {"count": 0}}},
        {"payload": {"data": {"count": 1}}},
    ]


async def test_silence_is_filled(world: World) -> None:
    """With empty parts."""
    async with world.stream("subscription { quiet }", APOLLO) as (_, ends):
        await ends(f"{PART}{{}}\r\n--graphql{PART}{{}}\r\n--graphql")
        Gate.opened.set()
        text = await ends("--graphql--\r\n")
    assert [each for each in payloads(text, "graphql") if each] == [
        {"payload": {"data": {"quiet": 1}}},
        {"payload": {"data": {"quiet": 2}}},
    ]


async def test_an_event_with_errors_keeps_its_payload(world: World) -> None:
    """GraphQL's errors are inside; those of the transport would be beside it."""
    response = await world.post("subscription { broken }", APOLLO)
    _, first, second = payloads(response.text, "graphql")
    assert first == {"payload": {"data": {"broken": 1}}}
    assert second["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in response.text


async def test_a_subscription_that_cannot_start_is_one_response(world: World) -> None:
    """With its errors, in JSON."""
    response = await world.post("subscription { nope }", APOLLO)
    assert response.headers["content-type"].startswith("application/json")
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("error", "code"),
    [(RuntimeError("the password is hunter2"), "INTERNAL"), (Refused("TOO_SLOW", "Read faster."), "TOO_SLOW")],
)
async def test_a_stream_that_breaks_says_so_beside_the_payload(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    """A transport error, in safe words."""

    async def answer(request: Any) -> Any:
        async def broken() -> AsyncGenerator[Any, None]:
            raise error
            yield

        return broken()

    monkeypatch.setattr(world.app, "answer", answer)
    response = await world.post("subscription { quiet }", APOLLO)
    first, last = payloads(response.text, "graphql")
    assert first == {}
    assert last["payload"] is None
    assert last["errors"][0]["extensions"]["code"] == code
    assert "hunter2" not in response.text


async def test_a_server_that_stops_says_so(world: World) -> None:
    """So that the client knows that its subscription is not complete."""
    async with serving(http_app(lambda: world.app, Options()), Options()) as url:
        query = {"query": "subscription { quiet }"}
        call = world.client.stream("POST", f"{url}/graphql/app", json=query, headers={"accept": APOLLO})
        response = await call.__aenter__()
        chunks = response.aiter_text()
        got = ""
        while "payload" not in got:
            got += await anext(chunks)
    got += "".join([chunk async for chunk in chunks])
    await call.__aexit__(None, None, None)
    last = payloads(got, "graphql")[-1]
    assert last["payload"] is None
    assert last["errors"][0]["extensions"]["code"] == "SERVER_STOPPING"


async def test_a_subscription_needs_a_protocol(world: World) -> None:
    """multipart/mixed alone is for parts."""
    response = await world.post("subscription { quiet }", PATHS)
    assert response.status_code == 406
    assert "subscriptionSpec=1.0" in response.json()["errors"][0]["message"]
