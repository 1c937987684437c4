"""Whether an executor delivers parts, and what it says where it does not."""

from __future__ import annotations

from typing import Any

import graphql
import pytest
from graphql import ExecutionResult, parse

from bff import engine
from bff.engine.adapters.executor import EventExecutor
from bff.engine.graphql_core import ExecutorThrowingOnIncremental
from tests.bff.engine.incremental.world import schema_of

SCHEMA = schema_of("type Item { id: Int, nums: [Int] } type Query { item: Item } type Subscription { item: Item }")
ROOT = {"item": {"id": 1, "nums": [1]}}


@pytest.mark.parametrize("fields", ["... @defer { id }", "nums @stream"])
async def test_subscriptions_deliver_no_parts(fields: str) -> None:
    """Each event has the error that graphql-core gives."""

    async def events(info: Any) -> Any:
        yield ROOT

    async def results(subscribe: Any) -> list[Any]:
        stream = subscribe(SCHEMA, parse(f"subscription {{ item {{ {fields} }} }}"), {"item": events})
        stream = await stream if hasattr(stream, "__await__") else stream
        return [each.formatted async for each in stream]

    ours = await results(engine.subscribe)
    assert ours == await results(graphql.subscribe)
    assert "not supported on subscription operations" in ours[0]["errors"][0]["message"]


@pytest.mark.parametrize("fields", ["id ... @defer { nums }", "id nums @stream"])
def test_an_executor_that_throws_delivers_no_parts(fields: str) -> None:
    """With the errors of the one that graphql-core has for it."""
    document = parse(f"{{ item {{ {fields} }} }}")
    results = [
        graphql.experimental_execute_incrementally(SCHEMA, document, ROOT, executor_class=each)
        for each in (EventExecutor, ExecutorThrowingOnIncremental)
    ]
    ours, theirs = [each.formatted for each in results if isinstance(each, ExecutionResult)]
    assert ours == theirs
    assert "multiple payloads" in str(results[0])


def test_without_a_part_to_defer_there_is_one_result() -> None:
    """A fragment that is not deferred is like any other."""
    document = parse("{ item { id ... @defer(if: false) { nums } } }")
    result = engine.experimental_execute_incrementally(SCHEMA, document, ROOT)
    assert isinstance(result, ExecutionResult)
    assert result.data == ROOT
