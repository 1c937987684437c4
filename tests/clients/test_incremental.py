"""@defer, @stream and multipart subscriptions with the clients that frontends use, in node, against a real server.

Deferred fields wait until the client has its first part and says so: who collects all parts never ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.fakes import FakeUpstream, batched, gateway
from tests.npm import installed
from tests.serving import serving
from tests.waiting import until

SECONDS = 60
price_of = batched("shop: price", parameter="sku", key="")


class Gate:
    """Opened by the mutation `open`; a new one for every test."""

    opened = asyncio.Event()


@strawberry.type
class Maker:
    name: str
    country: str = "NL"


@strawberry.type
class Tag:
    name: str
    weight: int


@strawberry.type
class Item:
    id: strawberry.ID
    sku: str
    price: int | None = via(price_of, sku="sku")

    @strawberry.field
    def maker(self) -> Maker:
        return Maker(name=f"maker of {self.sku}")

    @strawberry.field
    def tags(self) -> list[Tag]:
        return [Tag(name=name, weight=weight) for weight, name in enumerate("xy")]

    @strawberry.field
    async def slow(self) -> str:
        await Gate.opened.wait()
        return f"slow {self.sku}"

    @strawberry.field
    async def needed(self) -> str:
        await Gate.opened.wait()
        raise ValueError("the password is hunter2")


def items() -> list[Item]:
    return [Item(id=strawberry.ID(f"i-{sku}"), sku=sku) for sku in "abc"]


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item:
        return items()[0]

    @strawberry.field
    def items(self) -> list[Item]:
        return items()

    @strawberry.field
    async def arriving(self) -> strawberry.Streamable[Item]:
        first, *others = items()
        yield first
        await Gate.opened.wait()
        for each in others:
            yield each


@strawberry.type
class Mutation:
    @strawberry.mutation
    def open(self) -> bool:
        Gate.opened.set()
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counted(self) -> AsyncGenerator[int, None]:
        yield 1
        await Gate.opened.wait()
        yield 2

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int | None, None]:
        yield 1
        raise ValueError("the password is hunter2")


SCHEMA = frontend(query=Query, mutation=Mutation, subscription=Subscription)


@pytest.fixture
def shop() -> FakeUpstream:
    """Has a price for everything."""
    return FakeUpstream(lambda call: dict.fromkeys(call.keys, 7))


@pytest.fixture
async def url(shop: FakeUpstream) -> AsyncIterator[str]:
    """Where the gateway is."""
    Gate.opened = asyncio.Event()
    app = gateway(SCHEMA, timeout=SECONDS, shop=shop)
    async with serving(http_app(lambda: app, Options()), Options()) as base:
        yield base + "/graphql/app"


async def node(script: str, *arguments: str) -> Any:
    """What a script of tests/npm/incremental prints, as JSON."""
    folder = await asyncio.to_thread(installed, "incremental")
    pipe = asyncio.subprocess.PIPE
    running = await asyncio.create_subprocess_exec("node", script, *arguments, cwd=folder, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(SECONDS):
            out, err = await running.communicate()
    finally:
        with suppress(ProcessLookupError):
            running.kill()
    assert running.returncode == 0, err.decode()
    return json.loads(out)


HANDLERS = pytest.mark.parametrize("handler", ["defer20220824", "graphql17Alpha9"])


@HANDLERS
async def test_apollo_client_reads_what_is_deferred(url: str, handler: str) -> None:
    """In a list, with a nested fragment; first without, then with it."""
    document = "{ items { __typename id sku ... @defer { slow maker { name ... @defer { country } } } } }"
    results = await node("apollo.mjs", url, handler, document)
    first, last = results[0], results[-1]
    assert first["dataState"] == "streaming"
    assert first["data"]["items"] == [{"__typename": "Item", "id": f"i-{sku}", "sku": sku} for sku in "abc"]
    assert last["dataState"] == "complete"
    maker = {"__typename": "Maker", "country": "NL"}
    assert last["data"]["items"] == [
        {**item, "slow": f"slow {item['sku']}", "maker": {**maker, "name": f"maker of {item['sku']}"}}
        for item in first["data"]["items"]
    ]


@HANDLERS
async def test_apollo_client_reads_streams(url: str, handler: str) -> None:
    """Items as they come."""
    results = await node("apollo.mjs", url, handler, "{ arriving @stream(initialCount: 1) { id sku } }")
    assert [item["sku"] for item in results[0]["data"]["arriving"]] == ["a"]
    assert [item["sku"] for item in results[-1]["data"]["arriving"]] == ["a", "b", "c"]
    assert results[-1]["dataState"] == "complete"


@HANDLERS
async def test_apollo_client_reads_errors_of_what_is_deferred(url: str, handler: str) -> None:
    """With their path and code, beside the data that came before."""
    results = await node("apollo.mjs", url, handler, "{ item { id sku ... @defer { needed } } }")
    assert results[-1]["data"]["item"]["sku"] == "a"
    (error,) = results[-1]["errors"]
    assert error["extensions"].pop("requestId")
    assert error == {"message": "Something went wrong.", "path": ["item", "needed"], "extensions": {"code": "INTERNAL"}}


async def test_apollo_client_subscribes_over_multipart(url: str) -> None:
    """The second event comes when the first has been read."""
    results = await node("apollo.mjs", url, "defer20220824", "subscription { counted }")
    assert [result["data"] for result in results] == [{"counted": 1}, {"counted": 2}]


async def test_apollo_client_reads_errors_of_a_subscription(url: str) -> None:
    """GraphQL errors inside of the payload."""
    results = await node("apollo.mjs", url, "defer20220824", "subscription { broken }")
    assert results[0]["data"] == {"broken": 1}
    assert results[1]["errors"][0]["extensions"]["code"] == "INTERNAL"


async def test_urql_reads_what_is_deferred(url: str) -> None:
    """It names no form; ours is one that it reads."""
    document = '{ items { sku ... @defer(label: "x") { slow price } } }'
    results = await node("urql.mjs", url, document)
    assert results[0] == {"data": {"items": [{"sku": sku} for sku in "abc"]}, "hasNext": True}
    assert results[-1] == {
        "data": {"items": [{"sku": sku, "slow": f"slow {sku}", "price": 7} for sku in "abc"]},
        "hasNext": False,
    }


async def test_urql_reads_streams(url: str) -> None:
    """Items as they come, and what is deferred in them."""
    results = await node("urql.mjs", url, "{ arriving @stream { sku ... @defer { slow } } }")
    assert results[0] == {"data": {"arriving": []}, "hasNext": True}
    assert results[-1]["data"] == {"arriving": [{"sku": sku, "slow": f"slow {sku}"} for sku in "abc"]}


async def test_relay_fills_its_store_with_a_deferred_fragment(url: str) -> None:
    """Nothing of the fragment is missing then, though some of its fields had come before; and Relay does not warn."""
    result = await node("relay.mjs", url)
    assert result["warnings"] == []
    first, last = result["seen"][0], result["seen"][-1]
    assert first["item"] == {"sku": "a", "maker": {"name": "maker of a"}}
    assert first["later"]["isMissingData"]
    assert last["later"] == {
        "isMissingData": False,
        "data": {
            "id": "i-a",
            "maker": {"name": "maker of a", "country": "NL"},
            "tags": [{"name": "x", "weight": 0}, {"name": "y", "weight": 1}],
            "slow": "slow a",
        },
    }


async def test_a_client_that_unsubscribes_cancels_the_call(url: str, shop: FakeUpstream) -> None:
    """Apollo Client drops the connection, and the upstream is not asked any longer."""
    shop.delay = SECONDS
    folder = await asyncio.to_thread(installed, "incremental")
    document = "{ item { id sku ... @defer { price } } }"
    running = await asyncio.create_subprocess_exec(
        "node", "leave.mjs", url, document, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        async with asyncio.timeout(SECONDS):
            first = json.loads(await running.stdout.readline())
        assert first["item"]["sku"] == "a"
        await until(lambda: shop.cancelled == 1)
        assert len(shop.calls) == 1
    finally:
        running.kill()
        await running.wait()
