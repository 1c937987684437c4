"""The policy that gets the plan."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

import pytest
from prometheus_client import REGISTRY

from bff.contract import Answer, Refused, Response
from bff.engine.prepare.queue import PrepareQueue
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy
from bff.policies.inbound.prepare import prepare
from tests.bff.policies.inbound.world import ANSWER, Rest, app, operation

APP = app(limits={"max_depth": 3})
POLICY: Policy = prepare(APP.plans, PrepareQueue(10), timeout=5, explains=True)


async def test_an_operation_gets_its_plan_and_its_deadline() -> None:
    """The time it may take begins when the request has arrived; one plan for all that ask the same."""
    rest = Rest()
    arrived = time.monotonic()
    for _ in range(2):
        assert await POLICY(rest)(operation(APP, "{ a: hello }")) is ANSWER
    first, second = rest.operations
    assert first.plan is second.plan
    assert first.plan.kind == "query"
    assert first.prepared_at <= time.monotonic()
    assert arrived + 5 <= first.deadline < first.prepared_at + 5
    assert second.deadline == second.prepared_at + 5  # a known document waits for nothing


async def test_nothing_is_awaited_for_a_known_document() -> None:
    """The awaitable of the rest comes back itself."""
    await POLICY(Rest())(operation(APP, "{ b: hello }"))
    here: Awaitable[Response] = Rest()(operation(APP))

    def rest(operation: Operation) -> Awaitable[Response]:
        return here

    assert POLICY(rest)(operation(APP, "{ b: hello }")) is here
    await here


@pytest.mark.parametrize(
    ("query", "explains", "code"),
    [
        ("{ hello", True, "GRAPHQL_PARSE_FAILED"),
        ("{ hullo }", True, "GRAPHQL_VALIDATION_FAILED"),
        ("{ hullo }", False, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_at_fault_is_answered_with_its_errors(query: str, explains: bool, code: str) -> None:
    """The rest of the chain is not reached; names are told only to those who may know them."""
    rest = Rest()
    answer = await prepare(APP.plans, PrepareQueue(10), timeout=5, explains=explains)(rest)(operation(APP, query))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.was_executed) == (400, False)
    assert answer.errors[0]["extensions"]["code"] == code
    assert ("hullo" in answer.errors[0]["message"]) == (explains and "hullo" in query)
    assert rest.operations == []


async def test_what_passes_a_limit_is_refused() -> None:
    """By the rules over documents and variables."""
    with pytest.raises(Refused) as refused:
        await POLICY(Rest())(operation(APP, "{ a { b { c { d } } } }"))
    assert refused.value.code == "TOO_DEEP"


async def test_waiting_in_the_queue_is_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is not there in time is answered as every operation that takes too long."""

    async def never(*arguments: object, **options: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(APP.plans, "prepare_in_thread", never)
    rest = Rest()
    answer = await prepare(APP.plans, PrepareQueue(10), timeout=0.01, explains=True)(rest)(
        operation(APP, "{ c: hello }")
    )
    assert isinstance(answer, Answer)
    assert answer.errors[0]["extensions"]["code"] == "TIMEOUT"
    assert not rest.operations


async def test_refusals_are_counted_once() -> None:
    """Of a document that is new, and of variables for one that is known."""
    made = app(limits={"max_depth": 3, "max_variables_size": 10})
    policy = prepare(made.plans, PrepareQueue(10), timeout=5, explains=True)
    before = _count_refusals("VARIABLES_TOO_LARGE"), _count_refusals("TOO_DEEP")
    await policy(Rest())(operation(made, "{ c: hello @skip(if: false) }"))
    for _ in range(2):
        with pytest.raises(Refused):
            await policy(Rest())(operation(made, "{ a { b { c { d } } } }"))
        large = operation(made, "{ c: hello @skip(if: false) }", variables={"a": "x" * 20})
        with pytest.raises(Refused):
            await policy(Rest())(large)
    assert (_count_refusals("VARIABLES_TOO_LARGE"), _count_refusals("TOO_DEEP")) == (before[0] + 2, before[1] + 2)


def _count_refusals(code: str) -> float:
    return REGISTRY.get_sample_value("bff_refused_total", {"reason": code}) or 0.0
