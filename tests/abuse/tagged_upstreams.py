"""A project with an upstream of each kind, whose replies carry the number of the caller, taken from a forwarded header."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import msgspec
from graphql import build_schema, graphql_sync
from websockets.asyncio.server import ServerConnection

from tests.connectors.grpc.shop import PROTO, message_class, serving
from tests.connectors.grpc.shop import Shop as GrpcShop
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, json_response, response
from tests.connectors.websocket_world import WebsocketWorld
from tests.e2e.command import ROOT

HEADER = "x-user"
EVENT_SECONDS = 0.05
BACKENDS = """\
from connectors import graphql, grpc, queue, rest, soap, websocket

thing = rest("things").get("/things/{id}", many="/things?id={id}", key="id")
note = graphql("notes").query("note(id: $id)")
price = grpc("prices").unary("shop.Pricing/GetPrices", many={"skus": "{id}"}, at="prices", key="sku")
price_ticks = grpc("prices").stream("shop.Pricing/Watch", {"sku": "{id}"})
stock = soap("stocks").call("GetStock", sku="{id}", each=8)
ticks = websocket("feed").subscribe(
    {"op": "sub", "user": "{user}"}, unsubscribe={"op": "unsub", "user": "{user}"}, topic="user"
)
said = queue("bus").publish("said")
heard = queue("bus").subscribe("said", where={"user": "{user}"})
"""
SCHEMA = '''\
"""Everything that a caller may see of each upstream."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import argument, frontend, take, via
from schemas import backends


@strawberry.type
class Text:
    text: str


@strawberry.type
class Price:
    amount: int


@strawberry.type
class Stock:
    quantity: int = take("Quantity")
    location: str = take("Location")


@strawberry.type
class Thing:
    id: strawberry.ID
    text: str
    note: Text | None = via(backends.note, id="id")
    price: Price | None = via(backends.price, id="id")
    stock: Stock | None = via(backends.stock, id="id")


@strawberry.type
class Query:
    thing: Thing | None = via(backends.thing, id=argument(strawberry.ID))
    note: Text | None = via(backends.note, id=argument(strawberry.ID))

    @strawberry.field
    async def things(self, ids: list[strawberry.ID]) -> list[Thing]:
        return list(await asyncio.gather(*(backends.thing(id=each) for each in ids)))


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def say(self, user: str, text: str) -> bool:
        await backends.said({"user": user, "text": text})
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def prices(self, id: strawberry.ID) -> AsyncGenerator[Price, None]:
        async for each in backends.price_ticks(id=id):
            yield each

    @strawberry.subscription
    async def ticks(self, user: str) -> AsyncGenerator[Text, None]:
        async for each in backends.ticks(user=user):
            yield each

    @strawberry.subscription
    async def heard(self, user: str) -> AsyncGenerator[Text, None]:
        async for each in backends.heard(user=user):
            yield each


schema = frontend(query=Query, mutation=Mutation, subscription=Subscription)
'''
CONFIG = """\
upstreams:
  things: {{rest: "{things}", timeout: 1s, retry: 2, cache: http, max_cache_size: 1MB, batch_window: 2ms, forward: [x-user]}}
  notes: {{graphql: "{notes}", timeout: 1s, merge: process, forward: [x-user]}}
  prices: {{grpc: "{prices}", protos: ["{proto}"], timeout: 1s, batch_window: 2ms, forward: [x-user]}}
  stocks: {{soap: "{wsdl}", endpoint: "{stocks}", timeout: 1s, forward: [x-user]}}
  feed: {{websocket: "{feed}", reconnect: {{initial_delay: 0.05s, max_delay: 0.2s}}}}
  bus: {{queue: "memory://soak"}}
frontends:
  web: {{schema: schemas.web, default: true, batch: {{max_operations: 5}}, share_across: [x-nonce]}}
log: {{level: error}}
"""
NOTES = build_schema("type Note { text: String! } type Query { note(id: ID!): Note }")
SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<GetStockResponse xmlns="urn:shop:warehouse:types"><Quantity>{user}</Quantity><Location>{text}</Location>'
    "</GetStockResponse></s:Body></s:Envelope>"
)


def tag(user: str) -> str:
    """Text of one caller."""
    return f"tag:{user};" * 8


class Faults:
    """Draws what goes wrong with one call in so many."""

    def __init__(self, draw: random.Random, share: float) -> None:
        self._draw, self._share = draw, share
        self.count = 0

    def happens(self) -> bool:
        """Whether this call fails."""
        is_bad = self._draw.random() < self._share
        self.count += is_bad
        return is_bad

    def spoil(self, good: Say) -> Say:
        """The reply, some milliseconds later, or one that is no reply."""
        if not self.happens():
            return Say(good.data, after=self._draw.random() * 0.02)
        half = Say(good.data[: len(good.data) // 2], then="reset")
        bad = (response(b"no", 500), response(b"{", content_type="application/json"), half, HANG)
        return self._draw.choice(bad)


class _Prices(GrpcShop):
    """Prices are the number of the caller."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    async def GetPrices(self, request: Any, context: Any) -> Any:
        if self._faults.happens():
            await context.abort(grpc.StatusCode.INTERNAL, "no")
        amount = int(_user(dict(context.invocation_metadata())))
        return message_class("shop.GetPricesReply")(prices=[{"sku": sku, "amount": amount} for sku in request.skus])

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        amount = int(_user(dict(context.invocation_metadata())))
        while not self._faults.happens():
            yield message_class("shop.Tick")(sku=request.sku, amount=amount)
            await asyncio.sleep(EVENT_SECONDS)
        await context.abort(grpc.StatusCode.ABORTED, "no")


class _Feed(WebsocketWorld):
    """Sends events of each subscribed user over the one socket; breaks it now and then."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    async def speak(self, client: ServerConnection) -> None:
        users: set[str] = set()
        sender = asyncio.create_task(self._send(client, users))
        try:
            async for text in client:
                message = msgspec.json.decode(text)
                (users.add if message["op"] == "sub" else users.discard)(message["user"])
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self, client: ServerConnection, users: set[str]) -> None:
        while True:
            await asyncio.sleep(EVENT_SECONDS)
            for user in sorted(users):
                await client.send(msgspec.json.encode({"user": user, "text": tag(user)}), text=True)
            if self._faults.happens():
                client.transport.abort()


def _user(headers: Mapping[str, Any]) -> str:
    return str(headers.get(HEADER, "0"))


def _say_things(received: Received) -> Say:
    """An even id may be cached, without a word of whom it is for."""
    user = _user(received.headers)
    path, _, query = received.target.partition("?")
    ids = [each.partition("=")[2] for each in query.split("&") if each]
    things = [{"id": each, "text": tag(user)} for each in ids or [path.rpartition("/")[2]]]
    fresh = {"cache_control": "max-age=1"} if int(things[0]["id"]) % 2 == 0 else {"cache_control": "private"}
    return json_response(things if ids else things[0], **fresh)


def _say_notes(received: Received) -> Say:
    text = tag(_user(received.headers))
    body = received.json
    root = {"note": lambda _, **arguments: {"text": text}}
    result = graphql_sync(NOTES, body["query"], root, variable_values=body.get("variables"))
    return json_response(result.formatted)


def _say_stocks(received: Received) -> Say:
    user = _user(received.headers)
    return response(SOAP.format(user=user, text=tag(user)).encode(), content_type="text/xml; charset=utf-8")


@asynccontextmanager
async def tagged_project(home: Path, draw: random.Random, fault_share: float) -> AsyncGenerator[Faults, None]:
    """Write the project into `home` and run its upstreams. Until one is asked by a caller, nothing goes wrong."""
    faults = Faults(draw, fault_share)
    async with AsyncExitStack() as stack:

        async def serve(say: Any) -> HttpWorld:
            world = HttpWorld()

            def answer(received: Received) -> Say:
                world.requests.clear()
                if received.method == "HEAD":  # a health check
                    return response()
                return faults.spoil(say(received)) if HEADER in received.headers else say(received)

            world.answer = answer
            return await stack.enter_async_context(world)

        things, notes, stocks = [await serve(say) for say in (_say_things, _say_notes, _say_stocks)]
        prices = await stack.enter_async_context(serving(_Prices(faults)))
        feed = await stack.enter_async_context(_Feed(faults))
        (home / "schemas/web").mkdir(parents=True)
        (home / "schemas/backends.py").write_text(BACKENDS)
        (home / "schemas/web/__init__.py").write_text(SCHEMA)
        config = CONFIG.format(
            things=things.url,
            notes=f"{notes.url}/graphql",
            prices=prices.address,
            proto=PROTO,
            wsdl=ROOT / "demo/warehouse/warehouse.wsdl",
            stocks=stocks.url,
            feed=feed.address,
        )
        (home / "bff.yaml").write_text(config)
        yield faults
        with suppress(OSError):
            await feed.drop()
