"""What comes later is made in sets: how many calls it takes, who waits for whom, and that nothing is done in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import build_schema, parse
from graphql.execution.execute import experimental_execute_incrementally

from bff.authoring import frontend, via
from bff.contract import Increments, Parts, Request
from bff.engine.adapters.executor import SetExecutor, fallbacks, natives
from bff.gateway.gateway import Gateway
from tests.bff.engine.merging import merged
from tests.bff.fakes import FakeUpstream, batched, endpoint, gateway
from tests.waiting import time_limit

stock_of = batched("shop: stock", parameter="sku", key="")
label_of = endpoint("shop: label", {"sku": True})


@strawberry.type
class Item:
    sku: str
    stock: int | None = via(stock_of, sku="sku")
    label: str | None = via(label_of, sku="sku")

    @strawberry.field
    async def slow(self) -> str:
        await asyncio.sleep({"a0": 60, "a1": 0}.get(self.sku, 0))
        return self.sku

    @strawberry.field
    def fragile(self) -> str:
        if self.sku == "a1":
            raise ValueError(self.sku)
        return self.sku


@strawberry.type
class Shelf:
    name: str

    @strawberry.field
    def items(self) -> list[Item]:
        return [Item(sku=f"{self.name}{index}") for index in range(3)]

    @strawberry.field
    def grid(self) -> list[list[Item]]:
        return [[Item(sku=f"{self.name}{row}{column}") for column in range(2)] for row in range(2)]

    @strawberry.field
    def maybe(self) -> list[Item | None]:
        return [Item(sku=f"{self.name}{index}") for index in range(3)]


@strawberry.type
class Query:
    @strawberry.field
    def shelves(self) -> list[Shelf]:
        return [Shelf(name=name) for name in "ab"]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> Shelf:
        return Shelf(name="a")


SCHEMA = frontend(query=Query, mutation=Mutation)
TWELVE = [f"{shelf}{row}{column}" for shelf in "ab" for row in range(2) for column in range(2)]


@pytest.fixture
def shop() -> FakeUpstream:
    """Knows the stock of everything, and labels."""
    return FakeUpstream(lambda call: dict.fromkeys(call.keys, 7) if call.keys else f"label {call.arguments['sku']}")


@pytest.fixture
def app(shop: FakeUpstream) -> Gateway:
    """One frontend over the shop, on the compiled engine."""
    return gateway(SCHEMA, timeout=60, shop=shop)


async def parts_of(app: Gateway, query: str) -> Parts:
    answer = await app.answer(Request(frontend="app", query=query, increments=Increments.IDS))
    assert isinstance(answer, Parts)
    return answer


async def rest(parts: Parts) -> list[Any]:
    return [parts.first.body(), *[part.body() async for part in parts.more]]


async def test_the_engine_runs_it(app: Gateway) -> None:
    """Not graphql-core's executor."""
    before = natives["query"], fallbacks.total()
    await rest(await parts_of(app, "{ shelves { name ... @defer { items @stream { sku } } } }"))
    assert (natives["query"], fallbacks.total()) == (before[0] + 1, before[1])


async def test_a_deferred_field_of_lists_of_lists_is_one_call(app: Gateway, shop: FakeUpstream) -> None:
    """For all objects, whichever list they are in; and each object's part is its own."""
    parts = await rest(await parts_of(app, "{ shelves { grid { sku ... @defer { stock } } } }"))
    assert [sorted(call.keys) for call in shop.calls] == [TWELVE]
    assert len(parts[0]["pending"]) == 8
    assert [each["data"] for part in parts[1:] for each in part["incremental"]] == [{"stock": 7}] * 8
    assert len(parts) == 2


async def test_deferred_fragments_in_deferred_fragments_are_a_call_each(app: Gateway, shop: FakeUpstream) -> None:
    """However many objects there are on each level."""
    query = "{ shelves { ... @defer { items { sku ... @defer { stock } } } } }"
    data, errors = merged(await rest(await parts_of(app, query)))
    assert [len(call.keys) for call in shop.calls] == [6]
    assert data["shelves"][1]["items"][2] == {"sku": "b2", "stock": 7}
    assert not errors


async def test_the_items_of_all_streams_are_one_call(app: Gateway, shop: FakeUpstream) -> None:
    """Those that come first with those that come later, of each shelf."""
    data, _ = merged(await rest(await parts_of(app, "{ shelves { items @stream(initialCount: 1) { sku stock } } }")))
    assert [sorted(call.keys) for call in shop.calls] == [["a0", "a1", "a2", "b0", "b1", "b2"]]
    assert [item["stock"] for shelf in data["shelves"] for item in shelf["items"]] == [7] * 6


async def test_what_a_mutation_streams_is_one_call_after_the_first_part(app: Gateway, shop: FakeUpstream) -> None:
    """It begins late, but together."""
    parts = await parts_of(app, "mutation { change { name items @stream { sku stock } } }")
    assert shop.calls == []
    assert merged(await rest(parts))[0]["change"]["items"][2] == {"sku": "a2", "stock": 7}
    assert [sorted(call.keys) for call in shop.calls] == [["a0", "a1", "a2"]]


@pytest.mark.parametrize("query", ["items { sku ... @defer { slow } }", "items @stream { slow }"])
async def test_a_slow_object_holds_up_no_other(app: Gateway, query: str) -> None:
    """Where each has something of its own to wait for, it comes by itself."""
    parts = await parts_of(app, f"{{ shelves {{ name {query} }} }}")
    async with time_limit():
        second = (await anext(parts.more)).body()
    assert "b1" in str(second["incremental"])
    assert "a0" not in str(second["incremental"])
    assert second["hasNext"]
    await parts.more.aclose()


async def test_fragments_of_one_object_come_as_each_can(app: Gateway, shop: FakeUpstream) -> None:
    """What one call serves is one call for all objects; what each has a call for comes object by object."""
    query = "{ shelves { items { ... @defer { stock } ... @defer { label } } } }"
    data, _ = merged(await rest(await parts_of(app, query)))
    assert data["shelves"][1]["items"][0] == {"stock": 7, "label": "label b0"}
    assert sorted(call.operation.name for call in shop.calls) == ["label"] * 6 + ["stock"]


async def test_an_object_that_fails_fails_alone(app: Gateway) -> None:
    """Its siblings of the same run have their data, and its error is told where it belongs."""
    parts = await rest(await parts_of(app, "{ shelves { items { sku ... @defer { fragile } } } }"))
    data, errors = merged(parts)
    assert [error["path"] for error in errors] == [["shelves", 0, "items", 1, "fragile"]]
    failed = [each for part in parts for each in part.get("completed", ()) if "errors" in each]
    assert [each["id"] for each in failed] == [parts[0]["pending"][1]["id"]]
    assert [item.get("fragile") for item in data["shelves"][0]["items"]] == ["a0", None, "a2"]


async def test_an_item_that_fails_ends_its_stream_alone(app: Gateway) -> None:
    """The stream of the other shelf is whole; where items may be null, only the item is."""
    data, errors = merged(await rest(await parts_of(app, "{ shelves { items @stream { fragile } } }")))
    assert [len(shelf["items"]) for shelf in data["shelves"]] == [1, 3]
    assert [error["path"] for error in errors] == [["shelves", 0, "items", 1, "fragile"]]
    data, errors = merged(await rest(await parts_of(app, "{ shelves { maybe @stream { fragile } } }")))
    assert data["shelves"][0]["maybe"] == [{"fragile": "a0"}, None, {"fragile": "a2"}]
    assert [error["path"] for error in errors] == [["shelves", 0, "maybe", 1, "fragile"]]


async def test_what_is_under_a_null_is_not_made() -> None:
    """An object whose place is gone is not asked for what it defers; the others are."""
    schema = build_schema("type Item { id: Int must: Int! name: String } type Query { items: [Item] }")
    asked: list[int] = []

    class Thing:
        def __init__(self, number: int) -> None:
            self.id, self.must = number, None if number == 1 else number

        async def name(self, _info: Any) -> str:
            asked.append(self.id)
            return f"thing {self.id}"

    result: Any = experimental_execute_incrementally(
        schema,
        parse("{ items { must ... @defer { name } } }"),
        {"items": [Thing(number) for number in range(3)]},
        executor_class=SetExecutor,
    )
    assert result.initial_result.data == {"items": [{"must": 0}, None, {"must": 2}]}
    assert [each.path for each in result.initial_result.pending] == [["items", 0], ["items", 2]]
    last = [part.formatted async for part in result.subsequent_results][-1]
    assert [each["data"] for each in last["incremental"]] == [{"name": "thing 0"}, {"name": "thing 2"}]
    assert asked == [0, 2]


async def test_a_list_without_end_is_read_as_it_is_taken() -> None:
    """The first items come, and whoever leaves ends it."""
    schema = build_schema("type Query { numbers: [Int] }")
    ended = False

    def numbers() -> Iterator[int]:
        nonlocal ended
        number = 0
        try:
            while number < 100_000:  # long, should it not be paced
                number += 1
                yield number
        finally:
            ended = number < 1000

    result: Any = experimental_execute_incrementally(
        schema, parse("{ numbers @stream(initialCount: 2) }"), {"numbers": numbers()}, executor_class=SetExecutor
    )
    assert result.initial_result.data == {"numbers": [1, 2]}
    part = await anext(result.subsequent_results)
    assert part.incremental[0].items[:3] == [3, 4, 5]
    await result.subsequent_results.aclose()
    del result, part
    assert len(asyncio.all_tasks()) == 1
