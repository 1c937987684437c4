"""Which engine runs what, and that one row's failure is its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import build_schema, get_introspection_query, parse
from graphql import execute as graphql_execute
from graphql.execution.execute import experimental_execute_incrementally
from strawberry.extensions import SchemaExtension

from bff.authoring import frontend
from bff.engine.adapters.executor import InSets, SetExecutor, fallbacks, natives
from bff.frontends.frontend import Frontend, make_frontend
from bff.frontends.options import Options
from tests.bff.fakes import ask, gateway
from tests.waiting import time_limit


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


class Watch(SchemaExtension):
    """An author's own."""

    def on_execute(self) -> Iterator[None]:
        yield


def made(schema: strawberry.Schema, **options: Any) -> Frontend:
    return make_frontend("app", Options.model_validate({"schema": "tests", **options}), schema)


def test_the_compiled_engine_is_the_default() -> None:
    """Unless the configuration says otherwise, or the author's schema extensions need strawberry around everything."""
    assert made(frontend(query=Query)).is_compiled
    assert not made(frontend(query=Query), engine="reference").is_compiled
    assert not made(frontend(query=Query, extensions=[Watch])).is_compiled


SCHEMA = build_schema("type Query { ok: Int! slow: Int bad: Int! } type Mutation { a: Int! b: Int! c: Int! }")


def execute(text: str, resolve: Any) -> Any:
    return experimental_execute_incrementally(
        SCHEMA, parse(text), {}, field_resolver=resolve, executor_class=SetExecutor
    )


def test_what_needs_no_waiting_needs_no_event_loop() -> None:
    """The result itself comes back, as from graphql-core."""
    before = natives["query"]
    assert execute("{ ok }", lambda source, info: 1).data == {"ok": 1}
    assert natives["query"] == before + 1


async def test_both_engines_show_the_same_schema_to_the_byte() -> None:
    """Introspection as GraphiQL asks for it, answered by the engine itself."""
    before = natives["query"]
    answers = [
        await ask(gateway(frontend(query=Query), options={"engine": engine}), get_introspection_query())
        for engine in ("compiled", "reference")
    ]
    assert json.dumps(answers[0].body()) == json.dumps(answers[1].body())
    assert answers[0].data["__schema"]["queryType"]["name"] == "Query"
    assert natives["query"] == before + 1


class Plain(InSets):
    """The engine over an executor that takes no notice of @defer."""


def test_what_is_left_to_graphql_core_is_counted() -> None:
    """By reason, so that a metric or a test can tell."""
    before = fallbacks["incremental delivery"]
    document = parse("{ ok ... @defer { slow } }")
    answer = graphql_execute(SCHEMA, document, field_resolver=lambda source, info: 1, executor_class=Plain)
    assert answer.data == {"ok": 1, "slow": 1}
    assert fallbacks["incremental delivery"] == before + 1


async def test_a_field_that_dooms_the_answer_ends_its_siblings() -> None:
    """Nobody waits for what cannot be shown; what ran for it is cancelled and gone."""
    ended = asyncio.Event()

    async def never() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 1

    async def fail() -> int:
        await asyncio.sleep(0)
        raise ValueError("no luck")

    def resolve(source: Any, info: Any) -> Any:
        return never() if info.field_name == "slow" else fail()

    async with time_limit():
        result = await execute("{ slow bad }", resolve)
    assert result.data is None
    assert [error.path for error in result.errors] == [["bad"]]
    assert ended.is_set()


async def test_mutations_run_in_turn_and_stop_at_a_failure() -> None:
    """GraphQL specification, section 6.2.2."""
    begun: list[str] = []
    under_way = 0

    async def resolved(name: str) -> int:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await asyncio.sleep(0)
        under_way -= 1
        if name == "b":
            raise ValueError("no luck")
        return 1

    def resolve(source: Any, info: Any) -> Any:
        begun.append(info.field_name)
        return resolved(info.field_name)

    result = await execute("mutation { a b c }", resolve)
    assert (result.data, begun) == (None, ["a", "b"])
