"""The engine by itself, over schemas that know nothing of the gateway: plain graphql-core and plain strawberry."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import ariadne
import graphql
import pytest
import strawberry
from graphql import ExecutionResult, build_schema, get_introspection_query, parse
from graphql.execution import Executor
from strawberry.dataloader import DataLoader
from strawberry.permission import BasePermission

import bff.engine as engine
from bff.engine.adapters import operation
from bff.engine.adapters.executor import fallbacks, natives

SCHEMA = build_schema(
    """
    type Item { id: Int! name: String nick: String! }
    type Query { items: [Item!] item(id: Int!): Item bad: Int! }
    type Subscription { item(first: Int = 0): Item  ticks: Int! }
    """
)


class Held:
    """An object with attributes, a method and a property."""

    def __init__(self, number: int) -> None:
        self.id = number

    def name(self, info: Any) -> str:
        return f"{info.field_name} {self.id} of {info.path.as_list()}"

    @property
    def nick(self) -> str:
        if self.id == 2:
            raise ValueError("no nick")
        return "nick"


ROOT = {
    "items": [Held(1), {"id": 2, "name": None, "nick": "two"}, Held(2)],
    "item": lambda info, **given: Held(given["id"]),
}


@pytest.mark.parametrize("is_in_a_loop", [False, True])
def test_a_long_list_needs_no_loop(is_in_a_loop: bool) -> None:
    """Only the gateway lets others have their turn: what can be told at once is."""
    schema = build_schema("type Query { numbers: [Int!]! }")

    async def run() -> ExecutionResult:
        return engine.execute_sync(schema, parse("{ numbers }"), {"numbers": range(10_000)})

    result = (
        asyncio.run(run())
        if is_in_a_loop
        else engine.execute_sync(schema, parse("{ numbers }"), {"numbers": range(10_000)})
    )
    assert result.data == {"numbers": list(range(10_000))}


@pytest.mark.parametrize("name", ["execute", "execute_sync", "subscribe", "experimental_execute_incrementally"])
def test_the_functions_are_those_of_graphql_core(name: str) -> None:
    """Same parameters, so that an import is all that changes."""
    assert inspect.signature(getattr(engine, name)) == inspect.signature(getattr(graphql, name))


@pytest.mark.parametrize("name", ["execute", "execute_sync", "experimental_execute_incrementally"])
def test_a_plain_schema_runs_on_the_engine(name: str) -> None:
    """Dicts, objects, methods and properties as graphql-core's default resolver takes them."""
    document = parse("query ($id: Int!) { items { id name nick } item(id: $id) { id name } }")
    before = natives["query"]
    expected = getattr(graphql, name)(SCHEMA, document, ROOT, variable_values={"id": 7})
    actual = getattr(engine, name)(SCHEMA, document, ROOT, variable_values={"id": 7})
    assert natives["query"] == before + 1
    assert actual.formatted == expected.formatted
    assert json.dumps(actual.data) == json.dumps(expected.data)
    assert actual.data["item"]["name"] == "name 7 of ['item', 'name']"
    assert [error.path for error in actual.errors] == [["items", 2, "nick"]]


def test_another_executor_may_still_be_chosen() -> None:
    """By name or by place, as with graphql-core."""
    before = natives.total()
    document = parse("{ items { id } }")
    by_name = engine.execute(SCHEMA, document, ROOT, executor_class=Executor)
    by_place = engine.execute(SCHEMA, document, ROOT, None, None, None, None, None, None, 50, False, None, Executor)
    assert by_name == by_place
    assert natives.total() == before


def test_a_document_that_is_executed_again_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Per document object; another one, though it says the same, is compiled by itself."""
    compiled: list[Any] = []
    compile_root = operation.compile_root
    monkeypatch.setattr(operation, "compile_root", lambda *given: compiled.append(given) or compile_root(*given))
    document = parse("query ($yes: Boolean!) { items { id name @include(if: $yes) } }")
    for yes in [True, False] * 3:
        engine.execute(SCHEMA, document, ROOT, variable_values={"yes": yes})
    assert len(compiled) == 2
    engine.execute(SCHEMA, parse("{ items { id } }"), ROOT)
    engine.execute(SCHEMA, parse("{ items { id } }"), ROOT)
    assert len(compiled) == 4


def test_fragments_decide_with_the_operation_what_is_compiled() -> None:
    """One operation node beside two fragments of one name is two operations."""
    operation = parse("{ items { ...F } }").definitions[0]
    for name in ("id", "nick"):
        fragment = parse(f"fragment F on Item {{ {name} }}").definitions[0]
        document = graphql.DocumentNode(definitions=(operation, fragment))
        result: Any = engine.execute(SCHEMA, document, {"items": [{"id": 1, "nick": "n"}]})
        assert list(result.data["items"][0]) == [name]


def test_introspection_is_the_same_to_the_byte() -> None:
    """Of a schema with every kind of type, run by the engine itself."""
    document = parse(get_introspection_query(input_value_deprecation=True, schema_description=True))
    before = fallbacks.total()
    expected, actual = (run(SCHEMA, document) for run in (graphql.execute_sync, engine.execute_sync))
    assert json.dumps(actual.data) == json.dumps(expected.data)
    assert (actual.errors, fallbacks.total()) == (None, before)


async def events() -> AsyncIterator[Any]:
    for number in range(1, 4):
        await asyncio.sleep(0)
        yield {"item": Held(number)}


async def test_a_subscription_is_compiled_once_for_all_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """And gives the same results as graphql-core's, errors among them."""
    document = parse("subscription { item(first: 2) { id nick } }")

    async def told(subscribe: Any) -> list[Any]:
        stream = subscribe(SCHEMA, document, {"item": lambda info, first: events()})
        return [result.formatted async for result in stream]

    expected = await told(graphql.subscribe)
    compiled: list[Any] = []
    compile_root = operation.compile_root
    monkeypatch.setattr(operation, "compile_root", lambda *given: compiled.append(given) or compile_root(*given))
    before = natives["subscription"]
    assert await told(engine.subscribe) == expected
    assert natives["subscription"] == before + 3
    assert len(compiled) == 1
    assert [each["errors"][0]["message"] for each in expected if "errors" in each] == ["no nick"]


def test_a_subscription_that_cannot_start_says_why_at_once() -> None:
    """One result instead of a stream."""
    result = engine.subscribe(SCHEMA, parse("subscription { ticks }"), {"ticks": lambda info: 5})
    assert isinstance(result, ExecutionResult)
    assert "must return AsyncIterable" in result.errors[0].message


@strawberry.type
class Author:
    id: int

    @strawberry.field
    async def name(self, info: strawberry.Info) -> str:
        return await info.context["names"].load(self.id)


class Never(BasePermission):
    message = "not yours"

    def has_permission(self, source: Any, info: strawberry.Info, **arguments: Any) -> bool:
        return False


@strawberry.type
class Query:
    @strawberry.field
    def authors(self, first: int = 3) -> list[Author]:
        return [Author(id=number) for number in range(first)]

    @strawberry.field(permission_classes=[Never])
    def secret(self) -> str | None:
        return "secret"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def counted(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
        raise ValueError("no more")


async def test_a_strawberry_schema_takes_the_engine_as_its_executor() -> None:
    """`execution_context_class`: loaders, permissions and subscriptions work as on strawberry's own."""
    batches: list[list[int]] = []

    async def load(ids: list[int]) -> list[str]:
        batches.append(ids)
        return [f"author {number}" for number in ids]

    async def told(schema: strawberry.Schema) -> list[Any]:
        context = {"names": DataLoader(load)}
        result = await schema.execute("{ authors { id name } secret }", context_value=context)
        stream = await schema.subscribe("subscription { counted(to: 2) }")
        return [(each.data, [error.message for error in each.errors or []]) for each in [result]] + [
            (each.data, [error.message for error in each.errors or []]) async for each in stream
        ]

    expected = await told(strawberry.Schema(Query, subscription=Subscription))
    before = natives["query"], natives["subscription"]
    actual = await told(
        strawberry.Schema(Query, subscription=Subscription, execution_context_class=engine.StrawberryExecutor)
    )
    assert actual == expected
    assert actual[-1] == (None, ["no more"])
    assert (natives["query"], natives["subscription"]) == (before[0] + 1, before[1] + 2)
    assert batches == [[0, 1, 2]] * 2


async def test_an_ariadne_schema_runs_on_the_engine() -> None:
    """By our functions over its schema, and as the executor that its own entry point is given."""
    item, query = ariadne.ObjectType("Item"), ariadne.QueryType()
    item.set_field("nick", lambda source, info: f"nick {source.id}")

    @query.field("items")
    async def items(source: Any, info: Any) -> list[Held]:
        return [Held(1), Held(2)]

    schema = ariadne.make_executable_schema(
        "type Item { id: Int! nick: String } type Query { items: [Item!] }", query, item
    )
    expected = {"items": [{"id": 1, "nick": "nick 1"}, {"id": 2, "nick": "nick 2"}]}
    before = natives["query"]
    result: Any = engine.execute(schema, parse("{ items { id nick } }"))
    assert (await result).data == expected
    asked = {"query": "{ items { id nick } }"}
    assert await ariadne.graphql(schema, asked, execution_context_class=engine.SetExecutor) == (
        True,
        {"data": expected},
    )
    assert natives["query"] == before + 2


def test_the_guide_shows_what_works() -> None:
    """Each example of docs/engine.md runs as it stands."""
    guide = (Path(__file__).parents[4] / "docs/engine.md").read_text()
    examples = re.findall(r"^```python\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE)
    assert len(examples) == 2
    before = natives["query"]
    for example in examples:
        exec(compile(example, "docs/engine.md", "exec", dont_inherit=True), {"__name__": __name__})
    assert natives["query"] == before + len(examples)
