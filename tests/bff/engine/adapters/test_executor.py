"""Executor classes: what they run themselves, what they leave to graphql-core, and what they count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, build_schema, execute, execute_sync, parse
from graphql.pyutils import AbortController

from bff.engine.adapters.executor import SetExecutor, StrawberryExecutor, fallbacks, natives

SCHEMA = build_schema("type Query { a: Int b: Int } type Mutation { a: Int }")


def test_operations_are_counted_by_kind() -> None:
    """Those that the engine ran itself."""
    before = natives["query"], natives["mutation"], fallbacks.total()
    for text in ("{ a }", "mutation { a }"):
        assert execute_sync(SCHEMA, parse(text), {"a": 1}, executor_class=SetExecutor).data == {"a": 1}
    assert (natives["query"], natives["mutation"], fallbacks.total()) == (before[0] + 1, before[1] + 1, before[2])


def test_what_waits_for_nothing_needs_no_event_loop() -> None:
    """The result is there at once."""
    document = parse("{ a b }")
    assert isinstance(execute(SCHEMA, document, {"a": 1, "b": 2}, executor_class=SetExecutor), ExecutionResult)


async def test_what_must_be_waited_for_is_awaitable() -> None:
    """The result of the whole is."""

    async def later(info: Any) -> int:
        await asyncio.sleep(0)
        return 1

    result: Any = execute(SCHEMA, parse("{ a b }"), {"a": later, "b": 2}, executor_class=SetExecutor)
    assert await result == ExecutionResult({"a": 1, "b": 2}, None)


def test_strawberry_runs_on_it() -> None:
    """With its own info."""

    @strawberry.type
    class Query:
        @strawberry.field
        def name(self, info: strawberry.Info) -> str:
            return info.field_name

    before = natives["query"]
    schema = strawberry.Schema(Query, execution_context_class=StrawberryExecutor)
    assert schema.execute_sync("{ name }").data == {"name": "name"}
    assert natives["query"] == before + 1


async def test_a_request_that_was_aborted_runs_nothing() -> None:
    """It says so."""
    controller = AbortController()
    controller.abort(RuntimeError("gone"))
    with pytest.raises(RuntimeError, match="gone"):
        execute(SCHEMA, parse("{ a }"), {"a": 1}, executor_class=SetExecutor, abort_signal=controller.signal)
