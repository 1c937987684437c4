"""Delivery in parts: what is sent of results, and how it ends. What the parts hold is shown in bff/engine/incremental."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from graphql import ExecutionResult, GraphQLError

from bff.authoring import Context
from bff.contract import Answer, Increments, Part, Parts, Request
from bff.engine.failure_log import FailureLog
from bff.engine.incremental.by_id import ByIds
from bff.gateway.delivery import DeliveryInParts
from bff.loading.scope import RequestScope
from bff.operation.operation import Operation
from tests.bff.fakes import gateway
from tests.bff.gateway.world import schema

DEFERRED = "{ echo ... @defer { later: echo } }"


def operation() -> Operation:
    frontend = gateway(schema).frontends["app"]
    made = Operation(Request(frontend="app", query=DEFERRED, increments=Increments.IDS), frontend)
    made.plan = frontend.plans.prepare(DEFERRED, None, {})
    made.context = Context(frontend="app")
    made.scope = RequestScope({})
    return made


def delivery(of: Operation, results: AsyncGenerator[Any, None], timeout: float = 5) -> DeliveryInParts:
    form = ByIds(lambda errors: [{"message": each.message} for each in errors])
    return DeliveryInParts(of, results, form, FailureLog(of.log_fields), timeout=timeout)


async def _real(of: Operation) -> AsyncGenerator[Any, None]:
    program = of.plan.program_in_parts
    assert program is not None
    async for each in program.run_in_parts(None, of.context):
        yield each


async def test_the_first_part_and_then_the_others() -> None:
    """The last one says so, and the scope is closed then."""
    made = operation()
    parts = await delivery(made, _real(made)).start()
    assert isinstance(parts, Parts)
    assert parts.first.is_first
    assert (parts.first.data, parts.first.delivery["hasNext"]) == ({"echo": 1}, True)
    others = [each.body() async for each in parts.more]
    assert others[-1]["hasNext"] is False
    assert made.scope._is_closed


async def test_one_result_is_a_whole_answer() -> None:
    """Where nothing is left to wait for, nobody learns that there might have been parts."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        yield ExecutionResult({"echo": 1}, None)

    answer = await delivery(made, results()).start()
    assert isinstance(answer, Answer)
    assert not isinstance(answer, Part)
    assert answer.body() == {"data": {"echo": 1}}
    assert made.scope._is_closed


async def test_what_fails_before_the_first_part_is_masked() -> None:
    """With 500; the words are in the log."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        raise RuntimeError("the password is hunter2")
        yield

    answer = await delivery(made, results()).start()
    assert isinstance(answer, Answer)
    assert (answer.status, answer.was_executed) == (500, False)
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in str(answer.body())


async def test_what_fails_between_parts_breaks_the_answer_off() -> None:
    """With a last part that completes what was announced."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        async for each in _real(made):
            yield each
            raise RuntimeError("the password is hunter2")

    parts = await delivery(made, results()).start()
    assert isinstance(parts, Parts)
    (last,) = [each.body() async for each in parts.more]
    assert last["hasNext"] is False
    assert "hunter2" not in str(last)
    assert "INTERNAL" in str(last)


async def test_parts_have_one_deadline() -> None:
    """The answer is broken off there."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        async for each in _real(made):
            yield each
            await asyncio.sleep(60)

    parts = await delivery(made, results(), timeout=0.05).start()
    assert isinstance(parts, Parts)
    (last,) = [each.body() async for each in parts.more]
    assert "TIMEOUT" in str(last)
    assert made.scope._is_closed


async def test_a_deadline_before_the_first_part_is_an_answer() -> None:
    """With the code, and data null."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        await asyncio.sleep(60)
        yield

    answer = await delivery(made, results(), timeout=0.05).start()
    assert isinstance(answer, Answer)
    assert answer.errors[0]["extensions"]["code"] == "TIMEOUT"


async def test_a_subscriber_that_leaves_ends_the_work() -> None:
    """Of what was deferred, and the scope with it."""
    made, ended = operation(), []

    async def end() -> None:
        ended.append(True)

    made.context.unfinished.append(end)
    parts = await delivery(made, _real(made)).start()
    assert isinstance(parts, Parts)
    await parts.more.aclose()
    assert ended == [True]
    assert made.scope._is_closed


async def test_errors_of_the_first_part_are_safe() -> None:
    """As those of any answer."""
    made = operation()

    async def results() -> AsyncGenerator[Any, None]:
        cause = ValueError("the password is hunter2")
        yield ExecutionResult({"echo": None}, [GraphQLError(str(cause), path=["echo"], original_error=cause)])

    answer = await delivery(made, results()).start()
    assert isinstance(answer, Answer)
    assert "hunter2" not in str(answer.body())
