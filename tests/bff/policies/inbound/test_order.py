"""The order of the inbound policies: what stands in the list is what runs, and what is off is not in it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from strawberry.extensions import SchemaExtension

from bff.authoring import frontend
from bff.contract import Request, Response
from bff.engine.prepare.queue import PrepareQueue
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.observability.metrics import OperationCounts
from bff.operation.operation import Operation
from bff.policies.inbound.order import Placed, inbound, wrap
from bff.policies.inbound.policy import Policy, Respond
from tests.bff.fakes import AllReady, gateway
from tests.bff.policies.inbound.world import SCHEMA, Query, Rest, app, operation

KEYS = {"match": {"api_key": {"keys": ["k"]}}}
PERSISTED = {"documents": {"persisted": True}}
ALWAYS = ["documents", "prepare", "read only"]


class Watch(SchemaExtension):
    """An author's own, which may count every execution."""


def names(**options: Any) -> list[str]:
    return [each.name for each in inbound(app(**options), OperationCounts("app"), PrepareQueue(10), timeout=5)]


def test_every_policy_has_its_place_and_a_reason() -> None:
    """The order that design and documentation promise."""
    placed = inbound(app(**KEYS, **PERSISTED), OperationCounts("app"), PrepareQueue(10), timeout=5)
    assert [each.name for each in placed] == [
        "authenticate", "documents", "prepare", "read only", "persist", "share",
    ]  # fmt: skip
    assert all(each.why for each in placed)
    assert [each.name for each in placed if each.needs_head_only] == ["authenticate"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"share": False}, ALWAYS),
        ({}, [*ALWAYS, "share"]),
        ({"share": False, **KEYS}, ["authenticate", *ALWAYS]),
        ({"share": False, **PERSISTED}, [*ALWAYS, "persist"]),
    ],
)
def test_a_policy_that_is_off_is_not_there(options: dict[str, Any], expected: list[str]) -> None:
    """It costs nothing."""
    assert names(**options) == expected


def test_nothing_is_shared_where_an_author_counts_executions() -> None:
    """A schema's own extension may do so."""
    own = make_frontend("app", Options.model_validate({"schema": "tests"}), frontend(query=Query, extensions=[Watch]))
    assert [each.name for each in inbound(own, OperationCounts("app"), PrepareQueue(10), timeout=5)] == ALWAYS


async def test_the_first_of_the_list_is_the_outermost() -> None:
    """What wraps runs in the list's order."""
    met: list[str] = []

    def noting(name: str) -> Policy:
        def around(respond: Respond) -> Respond:
            def respond_noting(operation: Operation) -> Awaitable[Response]:
                met.append(name)
                return respond(operation)

            return respond_noting

        return around

    await wrap(Rest(), [Placed(name, "", noting(name)) for name in "abc"])(operation(app()))
    assert met == ["a", "b", "c"]


async def test_the_list_is_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's own chain meets each policy of the list once, in its order, and none beside."""
    met: list[str] = []

    def noting(placed: Placed) -> Placed:
        def around(respond: Respond) -> Respond:
            within = placed.policy(respond)

            def respond_noting(operation: Operation) -> Awaitable[Response]:
                met.append(placed.name)
                return within(operation)

            return respond_noting

        return Placed(placed.name, placed.why, around, placed.needs_head_only)

    def listed(*arguments: Any, **options: Any) -> list[Placed]:
        return [noting(each) for each in inbound(*arguments, **options)]

    monkeypatch.setattr("bff.gateway.gateway.inbound", listed)
    made = gateway(SCHEMA, options={**KEYS, **PERSISTED})
    request = Request(frontend="app", query="{ hello }", headers={"x-api-key": "k"})
    await made.answer(request)
    assert met == [each.name for each in made.list_policies("app")] == names(**KEYS, **PERSISTED)
    met.clear()
    await made.admit(request)
    assert met == ["authenticate"]


def test_each_frontend_has_a_chain_of_its_own() -> None:
    """One is closed, the other is not."""
    frontends = {
        name: make_frontend(name, Options.model_validate({"schema": "tests", **options}), SCHEMA)
        for name, options in (("open", {}), ("closed", KEYS))
    }
    made = Gateway(frontends, {}, request_timeout=5, readiness=AllReady())
    assert [each.name for each in made.list_policies("open")] == [*ALWAYS, "share"]
    assert [each.name for each in made.list_policies("closed")] == ["authenticate", *ALWAYS, "share"]
