"""Strawberry schemas learn @defer and @stream."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry

from bff.authoring import Context
from bff.authoring.strawberry_insides import core_schema
from bff.engine.adapters.strawberry_incremental import enable_incremental
from bff.engine.graphql_core import InitialIncrementalExecutionResult

begun: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    async def slow(self) -> str:
        begun.append("slow")
        return "slow"


@strawberry.type
class Mutation(Query):
    @strawberry.field
    async def change(self) -> Query:
        return Query()


def schema() -> strawberry.Schema:
    made = strawberry.Schema(Query, mutation=Mutation)
    enable_incremental(made)
    return made


def test_the_directives_are_declared_once() -> None:
    """Also where it is called twice."""
    made = schema()
    executor = made.execution_context_class
    enable_incremental(made)
    names = [each.name for each in core_schema(made).directives]
    assert (names.count("defer"), names.count("stream")) == (1, 1)
    assert made.execution_context_class is executor


@pytest.mark.parametrize(
    ("query", "is_early"), [("{ ... @defer { slow } }", True), ("mutation { change { ... @defer { slow } } }", False)]
)
async def test_queries_begin_what_they_defer_at_once(query: str, is_early: bool) -> None:
    """Mutations wait: what they defer may read what they changed."""
    begun.clear()
    context = Context()
    parts: Any = await schema().stream(query, context_value=context)
    first = await anext(parts)
    assert isinstance(first, InitialIncrementalExecutionResult)
    for _ in range(5):
        await asyncio.sleep(0)
    assert bool(begun) is is_early
    assert [each async for each in parts]
    assert begun == ["slow"]
    assert len(context.unfinished) == 1
    await context.unfinished[0]()
