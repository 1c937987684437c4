"""The two engines behind one Protocol: chosen once, by options and schema, and alike in what they answer."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult
from strawberry.extensions import SchemaExtension

from bff.authoring import Context, frontend
from bff.contract import Answer, Request
from bff.frontends.frontend import Frontend, make_frontend
from bff.frontends.options import Options
from bff.gateway.engines import CompiledEngine, ReferenceEngine, choose_engine
from bff.operation.operation import Operation
from tests.bff.fakes import FakeUpstream, gateway
from tests.bff.gateway.world import Query, schema


class Watch(SchemaExtension):
    """An author's own."""


def app(extensions: list[Any] | None = None, **options: Any) -> Frontend:
    own = frontend(query=Query, extensions=extensions) if extensions else frontend(query=Query)
    return make_frontend("app", Options.model_validate({"schema": "tests", **options}), own)


def operation(of: Frontend, query: str) -> Operation:
    made = Operation(Request(frontend="app", query=query), of)
    made.plan = of.plans.prepare(query, None, {})
    made.context = Context(frontend="app", document=made.plan.whole)
    return made


def test_the_engine_is_chosen_once() -> None:
    """By the options, and by schemas whose extensions need graphql-core's executor."""
    assert isinstance(choose_engine(app()), CompiledEngine)
    assert isinstance(choose_engine(app(engine="reference")), ReferenceEngine)
    assert isinstance(choose_engine(app([Watch])), ReferenceEngine)


async def test_only_the_compiled_engine_has_results_at_once() -> None:
    """Where nothing must be waited for."""
    for options, is_immediate in (({}, True), ({"engine": "reference"}, False)):
        frontend_ = app(**options)
        begun = choose_engine(frontend_).begin(operation(frontend_, "{ echo(number: 3) }"))
        assert isinstance(begun, ExecutionResult) == is_immediate
        result = begun if is_immediate else await begun
        assert (result.data, result.errors) == ({"echo": 3}, None)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_both_answer_alike(engine: str) -> None:
    """A query, a mutation, a subscription, and the errors of each."""
    shop = FakeUpstream(lambda call: "hi", events=[{"sku": "a", "amount": 2}])
    made = gateway(schema, options={"engine": engine}, shop=shop)
    told: list[Any] = []
    for query in (
        "{ word echo }",
        "{ broken }",
        'mutation { place(id: "1") }',
        'subscription { doubled(sku: "a") }',
        "query ($n: Int!) { echo(number: $n) }",
    ):
        answer = await made.answer(Request(frontend="app", query=query))
        told += [answer.body()] if isinstance(answer, Answer) else [each.body() async for each in answer]
    assert [each.get("data") for each in told] == [
        {"word": "hi", "echo": 1},
        {"broken": None},
        {"place": True},
        {"doubled": 4},
        None,
    ]
    assert [[error["extensions"]["code"] for error in each.get("errors", ())] for each in told] == [
        [], ["INTERNAL"], [], [], ["BAD_USER_INPUT"],
    ]  # fmt: skip
