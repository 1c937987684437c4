"""What GraphQL upstreams answer, right or wrong: both engines answer with the same bytes, errors included.

A real GraphQL server over a real socket. Its leaves are of a scalar that is anything, so that it can send what the
frontend's schema does not expect; it fails now and then, and what it says is damaged now and then.
"""

from __future__ import annotations

import gc
import json
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any

import pytest
import strawberry
from graphql import (
    GraphQLError,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    graphql_sync,
    is_leaf_type,
    is_list_type,
)
from structlog.testing import capture_logs

from bff.authoring import frontend, take, via
from bff.engine.adapters.executor import natives
from bff.gateway.gateway import Gateway
from bff.policies.outbound.options import Options as Policies
from bff.upstreams.upstream import Upstream, UpstreamSettings
from connectors import graphql
from connectors.contract import Call, Fit, Reply
from connectors.forms import Form
from connectors.graphql.connector import GraphqlConnector, connect
from connectors.graphql.options import Options
from tests.bff.engine.comparing import ask_both, check_same
from tests.bff.engine.drawing import slice_by
from tests.bff.engine.floors import Comparisons
from tests.bff.engine.rest_values import LEAVES, WRONG, Color
from tests.bff.fakes import ask, gateway
from tests.connectors.graphql.shop import graphql_response
from tests.connectors.http_world import HttpWorld, Received, Say, response
from tests.seeds import scaled, seeds

SDL = """
scalar Any
type Maker { id: Any name: Any rank: Any }
type Item {
  id: Any key: Any name: Any price: Any count: Any sold: Any inStock: Any kind: Any tags: Any maker: Maker
  makers: [Maker]
}
union Thing = Item | Maker
type Edge { node: Item }
type Connection { nodes: [Item] edges: [Edge] first: Item }
type Query {
  item: Item items: [Item] connection: Connection things: [Thing]
  one(id: ID!): Item ordered(ids: [ID!]!): [Item] listed(ids: [ID!]!): [Item] grouped(ids: [ID!]!): [Item]
}
"""
UPSTREAM = build_schema(SDL)
KINDS: dict[str, Any] = {
    "id": strawberry.ID, "key": int, "name": str, "price": float, "count": int, "sold": bool, "inStock": bool,
    "kind": Color, "rank": int,
}  # fmt: skip
LIKELY = [json.loads(each) for each in WRONG if "e400" not in each]
up = graphql("api")


@strawberry.type
class Maker:
    id: strawberry.ID
    name: str | None
    rank: int


@strawberry.type
class Item:
    id: strawberry.ID
    key: int | None
    name: str
    price: float | None
    count: int
    sold: bool | None = True
    in_stock: bool | None
    kind: Color | None
    tags: list[str] | None
    maker: Maker | None
    chief: str | None = take("maker.name")
    makers: list[Maker | None] | None
    labels: list[str] = take("tags", default_factory=list)
    amount: float = take("price", default=1.5)
    rank_of: int = take("maker.rank", default=7)
    others: list[Maker | None] = take("makers", default_factory=list)

    @strawberry.field
    def shown(self) -> str:
        return f"{self.name!r}: {self.key!r}"

    one: Item | None = via(up.query("one(id: $id)", key="id"), id="key")
    alias: Item = via(up.query("one(id: $id)", many="alias"), id="id")
    ordered: Item | None = via(up.query("ordered(ids: $ids)", many="list"), ids="key")
    listed: Item | None = via(up.query("listed(ids: $ids)", key="id"), ids="key", default=None)
    grouped: list[Item] = via(up.query("grouped(ids: $ids)", key="id", group=True), ids="key")
    makers_of: list[Maker] = via(up.query("one(id: $id) { makers }", key="id", group=True), id="key")


@strawberry.type
class Query:
    item: Item | None = via(up.query("item"))
    must: Item = via(up.query("item"))
    items: list[Item] = via(up.query("items"))
    some: list[Item | None] | None = via(up.query("items"))
    nodes: list[Item | None] | None = via(up.query("connection { nodes }"))
    edges: list[Item | None] | None = via(up.query("connection { edges { node } }"))
    first: Item | None = via(up.query("connection { first }"))
    things: list[Annotated[Item | Maker, strawberry.union("Thing")] | None] | None = via(up.query("things"))


SCHEMA = frontend(query=Query)


class Server:
    """Answers by field and key alone, so that it does not matter what is asked together with what."""

    def __init__(self) -> None:
        self.seed = self.trouble = 0
        self.nulls = 5
        """In 100, where there may be one upstream; and some lists are empty."""
        for type_ in UPSTREAM.type_map.values():
            if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
                for field in type_.fields.values():
                    field.resolve = self.resolve

    def __call__(self, received: Received) -> Say:
        request = received.json
        result = graphql_sync(UPSTREAM, request["query"], variable_values=request.get("variables")).formatted
        return graphql_response(result) if "__schema" in request["query"] else self.said(dict(result))

    def chance(self, about: str) -> random.Random:
        return random.Random(f"{self.seed} {about}")

    def resolve(self, source: Any, info: Any, **arguments: Any) -> Any:
        """The value of any field."""
        name, of = info.field_name, source["at"] if source else ""
        named = get_named_type(info.return_type)
        at = f"{of}.{name}{arguments.get('id', '')}"
        chance = self.chance(at)
        if chance.randrange(1000) < self.trouble / 2:
            raise GraphQLError("no luck", extensions={"code": chance.choice(["FORBIDDEN", "NOT_FOUND", "ODD"])})
        if is_leaf_type(named):
            return source["id"] if name == "id" and "id" in source else self.leaf(name, chance)
        if "ids" in arguments:
            return [each for key in arguments["ids"] for each in self.of_key(name, key)]
        if is_list_type(get_nullable_type(info.return_type)):
            items = [self.object(f"{at}.{row}") for row in range(chance.randrange(5) if self.nulls else 3)]
            return None if chance.randrange(100) < self.nulls else items
        return self.object(at, **({"id": arguments["id"]} if "id" in arguments else {}))

    def object(self, at: str, **known: Any) -> Any:
        chance = self.chance(f"{at}: object")
        if chance.randrange(100) < self.nulls:
            return None
        return {"__typename": chance.choice(["Item", "Maker"]), "at": at, **known}

    def of_key(self, name: str, key: str) -> list[Any]:
        """The answers to one of several keys."""
        chance = self.chance(f"{name} {key}")
        known = {"id": int(key) if chance.random() < 0.3 else key}
        if name == "ordered":
            is_lost = chance.randrange(1000) < self.trouble
            return [GraphQLError("lost") if is_lost else self.object(f"{name}.{key}", **known)]
        count = chance.randrange(3) if name == "grouped" else not self.nulls or chance.randrange(5) > 0
        return [{"at": f"{name}.{key}.{number}", **known} for number in range(count)]

    def leaf(self, name: str, chance: random.Random) -> Any:
        if chance.randrange(1000) < self.trouble:
            return chance.choice(LIKELY)
        if chance.randrange(100) < self.nulls and name in ("key", "price", "sold", "inStock", "kind", "tags"):
            return None
        if name == "tags":
            return ["é😀", "text"][: chance.randrange(3)]
        if name == "key":
            return chance.randrange(5)
        return json.loads(chance.choice(LEAVES[KINDS[name]]))

    def said(self, body: dict[str, Any]) -> Say:
        """The response, damaged now and then."""
        chance = self.chance("damage")
        if chance.randrange(100) < self.trouble:
            missing = chance.choice(["name", "count", "sold", "tags", "node", "rank"])
            body = without(body, missing)
        if isinstance(body["data"], dict):
            body["data"] = {name: self.root(name, value) for name, value in body["data"].items()}
        if "errors" not in body and chance.random() < 0.5:
            body["errors"] = chance.choice([None, [], [7], [{"message": "elsewhere", "path": ["other", 1]}]])
        text = json.dumps(body)
        if chance.randrange(2000) < self.trouble:
            return response(chance.choice([text[:-1], "[]", "{}", '{"data": null}', '{"data": 7}']).encode())
        return response(text.encode(), content_type="application/graphql-response+json")

    def root(self, name: str, value: Any) -> Any:
        plain = re.sub(r"^c\d+_", "", name)
        chance = self.chance(f"root {plain}")
        if plain.startswith("k") or chance.randrange(1000) >= self.trouble:
            return value
        return chance.choice([None, 7, "text", [], {}, [None], [7], {"first": 7}, {"nodes": {}}, {"edges": [None, 7]}])


def without(value: Any, key: str) -> Any:
    """The value without the entries of this name, at any depth."""
    if isinstance(value, dict):
        return {name: without(each, key) for name, each in value.items() if name != key}
    return [without(each, key) for each in value] if isinstance(value, list) else value


class Kept(Upstream):
    """Notes how each reply is read."""

    def __init__(self, connector: GraphqlConnector, options: Options) -> None:
        super().__init__(
            UpstreamSettings(name="api", kind="graphql", connector=options, policies=Policies()), connector
        )
        self.read: list[str] = []
        carry_out = self.send

        async def send(call: Call) -> Reply:
            reply = await carry_out(call)
            reply._decode, reply._fit = _Noted(reply._decode, self.read), self._noted_fit(reply._fit)
            return reply

        self.send = send

    def _noted_fit(self, fit: Fit | None) -> Fit | None:
        def noted(form: Form, payload: Any, at: tuple[str, ...]) -> Any:
            assert fit is not None
            value = fit(form, payload, at)
            self.read.append("fitted")
            return value

        return fit and noted


class _Noted:
    """Notes that a reply is decoded as plain Python."""

    def __init__(self, decode: Any, read: list[str]) -> None:
        self.decode, self.read = decode, read

    def __call__(self, payload: Any) -> Any:
        self.read.append("plain")
        return self.decode(payload) if self.decode else payload

    @property
    def in_slices(self) -> Any:
        if not hasattr(self.decode, "in_slices"):
            raise AttributeError
        self.read.append("in turns")
        return self.decode.in_slices


@asynccontextmanager
async def world(**chosen: Any) -> AsyncIterator[tuple[Server, Kept, Gateway, Gateway]]:
    """The server, and our engine and graphql-core's in front of it."""
    server = Server()
    async with HttpWorld(server) as http:
        options = Options(address=f"{http.url}/graphql", **chosen)
        connector = connect("api", options)
        await connector.start()
        api = Kept(connector, options)
        try:
            ours, theirs = (gateway(SCHEMA, options={"engine": each}, api=api) for each in ("compiled", "reference"))
            frontends: Any = theirs.frontends
            frontends["app"] = replace(frontends["app"], plans=ours.frontends["app"].plans)
            yield server, api, ours, theirs
        finally:
            await connector.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what nobody awaits after a failure
@pytest.mark.soak
@pytest.mark.parametrize(("trouble", "is_large"), [(0, False), (10, False), (10, True), (60, False), (60, True)])
async def test_the_same_bytes(trouble: int, is_large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nulls, wrong types, missing keys, failures with and without a path, and what is no response."""
    before, tried, done = natives.total(), 0, Comparisons()
    if is_large:
        slice_by(monkeypatch, 1, 20)
    with capture_logs():
        async with world() as (server, api, ours, theirs):
            for seed in seeds(60, fresh=20, short=15):
                server.seed, server.trouble = seed, trouble
                api.has_empty_lists = seed % 2 == 1
                tried += await compared(server, ours, theirs, done)
            assert api.read.count("fitted") > scaled(20, 5)
    gc.collect()
    done.check(soak=40, short=10)
    assert natives.total() - before == tried > scaled(100)


async def compared(server: Server, ours: Gateway, theirs: Gateway, done: Comparisons) -> int:
    """How often the drawn query was run on our engine: the first reply is read in another way than the others."""
    drawn = await ask_both(server, ours, theirs, done, 3)
    if drawn is None:
        return 0
    text, expected, answers = drawn
    check_same(answers, expected, f"seed {server.seed}, {text}")
    return 3


RECORD = "{ id name price count makers { id name rank } maker { rank } }"


@pytest.mark.parametrize(
    "query",
    [
        f"{{ items {RECORD} }}",
        f"{{ must {RECORD} }}",
        f"{{ nodes {RECORD} }}",
        f"{{ edges {RECORD} first {RECORD} }}",
        f"{{ items {{ key one {RECORD} }} }}",
        f"{{ items {{ key alias {RECORD} }} }}",
        f"{{ items {{ key ordered {RECORD} }} }}",
        f"{{ items {{ key listed {RECORD} }} }}",
        f"{{ items {{ key grouped {RECORD} }} }}",
        "{ items { key makersOf { id name rank } } }",
        f"{{ items {{ key alias {RECORD} one {RECORD} listed {{ makersOf {{ name }} }} }} }}",
    ],
)
async def test_a_clean_reply_is_never_plain_python(query: str) -> None:
    """After the first one, records are made of bytes: alone, in lists, on a path with lists, and in every kind of batch."""
    async with world() as (server, api, ours, _):
        server.nulls = 0
        first = await ask(ours, query)
        assert not first.errors
        assert set(api.read) == {"plain"}
        api.read.clear()
        assert (await ask(ours, query)).data == first.data
        assert set(api.read) == {"fitted"}


async def test_calls_of_one_request_are_filled_each_by_itself() -> None:
    """What asks at one moment shares a request, and each call has its own part of the bytes."""
    async with world(merge=True) as (server, api, ours, _):
        server.nulls = 0
        query = f"{{ a: items {RECORD} nodes {RECORD} first {RECORD} }}"
        first, second = [await ask(ours, query) for _ in range(2)]
        assert first.data == second.data
        assert api.read == ["plain"] * 3 + ["fitted"] * 3


async def test_much_is_read_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes than are read in one turn are read piece by piece, as plain Python."""
    slice_by(monkeypatch, 1, 20)
    monkeypatch.setattr("connectors.aio.cooperative.LARGE_TYPED", 20)
    async with world() as (server, api, ours, _):
        server.nulls = 0
        answers = [await ask(ours, f"{{ items {RECORD} }}") for _ in range(3)]
        assert answers[0].data == answers[2].data
        assert api.read == ["in turns"] * 3
