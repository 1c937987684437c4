"""Replies, events and records become declared types in every position in which an author may return them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import Any, Generic, TypeVar

import pytest
import strawberry
from strawberry import relay

from bff.authoring import frontend, take, via
from bff.contract import Answer, Request
from connectors.contract import Call
from tests.bff.fakes import FakeUpstream, endpoint, gateway, stream

T = TypeVar("T")
rows = endpoint("shop: rows")
one = endpoint("shop: one")
page_of = endpoint("shop: page")
ticks_of = stream("shop: ticks")
ROW = {"id": 1, "title": "n1"}


@strawberry.type
class Row(relay.Node):
    id: relay.NodeID[int]
    name: str = take("title")

    @classmethod
    async def resolve_nodes(cls, *, info: strawberry.Info, node_ids: Iterable[str], required: bool = False) -> Any:
        return await rows()


@strawberry.type
class Alone(relay.Node):
    id: relay.NodeID[int]
    name: str = take("title")

    @classmethod
    def resolve_node(cls, node_id: str, *, info: strawberry.Info, required: bool = False) -> Any:
        return {"id": node_id, "title": "n1"}


@strawberry.interface
class Face:
    name: str = take("title")


@strawberry.type
class Only(Face):
    id: int


@strawberry.type
class Plain:
    name: str = take("title")


@strawberry.type
class Page(Generic[T]):
    items: list[T]


@strawberry.type
class Query:
    node: relay.Node = relay.node()
    nodes: list[relay.Node] = relay.node()
    face: Face | None = via(one)
    page: Page[Plain] = via(page_of)

    @strawberry.field
    async def page_reply(self) -> Page[Plain]:
        return await page_of()

    @strawberry.field
    async def page_made(self) -> Page[Plain]:
        return Page(items=(await rows()).data)

    @strawberry.field
    async def faces(self) -> list[Face]:
        return await rows()

    @relay.connection(relay.ListConnection[Row])
    async def by_reply(self) -> list[Row]:
        return await rows()

    @relay.connection(relay.ListConnection[Row])
    async def by_records(self) -> list[Row]:
        return (await rows()).data

    @relay.connection(relay.ListConnection[Row])
    async def by_replies(self) -> list[Row]:
        return [await one()]

    @relay.connection(relay.ListConnection[Row])
    def by_hand(self) -> list[Row]:
        return [Row(id=1, name="n1")]


@strawberry.type
class Mutation:
    fetched: Plain = via(one)

    @strawberry.mutation
    async def reply(self) -> Plain:
        return await one()

    @strawberry.mutation
    async def record(self) -> Plain:
        return (await one()).data


@strawberry.type
class Subscription:
    fetched: Plain = via(ticks_of)
    face: Face = via(ticks_of)

    @strawberry.subscription
    async def event(self) -> AsyncGenerator[Plain, None]:
        async for event in ticks_of():
            yield event

    @strawberry.subscription
    async def record(self) -> AsyncGenerator[Plain, None]:
        async for event in ticks_of():
            yield event.data


schema = frontend(query=Query, mutation=Mutation, subscription=Subscription, types=[Only, Alone])
CONNECTION = "{ edges { node { name } } }"
QUERIES = [
    f'{{ node(id: "{relay.to_base64("Row", 1)}") {{ ... on Row {{ name }} }} }}',
    f'{{ node(id: "{relay.to_base64("Alone", 1)}") {{ ... on Alone {{ name }} }} }}',
    f'{{ nodes(ids: ["{relay.to_base64("Row", 1)}"]) {{ ... on Row {{ name }} }} }}',
    "{ face { name } }",
    "{ faces { name } }",
    "{ page { items { name } } }",
    "{ pageReply { items { name } } }",
    "{ pageMade { items { name } } }",
    *(f"{{ {name} {CONNECTION} }}" for name in ("byReply", "byRecords", "byReplies", "byHand")),
    *(f"mutation {{ {name} {{ name }} }}" for name in ("fetched", "reply", "record")),
    *(f"subscription {{ {name} {{ name }} }}" for name in ("fetched", "face", "event", "record")),
]


def answer(call: Call) -> Any:
    return {"page": {"items": [ROW]}, "rows": [ROW]}.get(call.operation.name, ROW)


def innermost(value: Any) -> Any:
    """What the only entries and items of an answer hold."""
    while isinstance(value, dict | list):
        assert len(value) == 1
        (value,) = value.values() if isinstance(value, dict) else value
    return value


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("query", QUERIES)
async def test_what_endpoints_give_is_adopted(query: str, engine: Any) -> None:
    """Nodes, connections, interfaces of one type, generics, mutations and subscriptions, on both engines."""
    app = gateway(schema, options={"engine": engine}, shop=FakeUpstream(answer, events=[ROW]))
    got: Any = await app.answer(Request(frontend="app", query=query))
    found = got if isinstance(got, Answer) else [event async for event in got][0]  # noqa: RUF015 - all are read
    assert not found.errors
    assert innermost(found.data) == "n1"


async def test_a_record_of_another_type_is_not_taken_for_the_only_one() -> None:
    """It says what it is."""
    other = FakeUpstream(lambda call: {**ROW, "__typename": "Other"})
    got: Any = await gateway(schema, shop=other).answer(Request(frontend="app", query="{ face { name } }"))
    assert got.errors[0]["extensions"]["code"] == "INVALID_VALUE"
