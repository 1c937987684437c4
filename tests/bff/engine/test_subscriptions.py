"""Subscriptions on the compiled engine: what a frontend gets is what graphql-core's executor would have given it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import strawberry

from bff.authoring import argument, frontend, take, via
from bff.contract import Answer, Request
from bff.engine.adapters import operation
from bff.engine.adapters.executor import natives
from bff.gateway.gateway import Gateway
from connectors.contract import Operation
from connectors.errors import UpstreamTimeout
from tests.bff.fakes import FakeUpstream, batched, gateway, stream

price_of = batched("shop: price", parameter="sku", key="")
ticks = stream("shop: ticks", {"sku": True})
EVENTS = [
    {"sku": "a", "amount": 1, "lines": [{"sku": "a"}, {"sku": "b"}, {"sku": "a"}]},
    {"sku": "b", "amount": "many", "lines": []},
    {"sku": "c", "amount": None, "lines": [{"sku": "c"}, None]},
    {"sku": "d", "amount": 4, "lines": None},
    {"sku": "e", "amount": 5, "lines": [{"sku": "gone"}]},
]


@strawberry.interface
class Priced:
    sku: str
    price: int | None = via(price_of, sku="sku")


@strawberry.type
class Line(Priced):
    pass


@strawberry.type
class Tick:
    sku: str
    size: int = take("amount")
    lines: list[Line] | None

    @strawberry.field
    def label(self, info: strawberry.Info, suffix: str = "!") -> str:
        if self.sku == "d":
            raise ValueError("no label")
        return f"{self.sku}{suffix} {info.field_name} {info.variable_values} {info.input_extensions}"


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


@strawberry.type
class Subscription:
    tick: Tick | None = via(ticks, sku=argument(str))

    @strawberry.subscription
    async def counted(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number * 2_000_000_000

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError("the password is hunter2")

    @strawberry.subscription
    async def refused(self) -> AsyncGenerator[int, None]:
        raise PermissionError("not you")
        yield 1


SCHEMA = frontend(query=Query, subscription=Subscription)


def shop(events: list[Any]) -> FakeUpstream:
    return FakeUpstream(lambda call: {key: 7 for key in call.keys if key != "gone"}, events=events)


async def answers(app: Gateway, query: str, **variables: Any) -> list[str]:
    """All of a subscription as JSON, in the order of keys."""
    started = await app.answer(Request(frontend="app", query=query, variables=variables))
    if isinstance(started, Answer):
        return [json.dumps(started.body())]
    return [json.dumps(each.body()) async for each in started]  # type: ignore[union-attr]  # events of a subscription


@pytest.mark.parametrize(
    "query",
    [
        'subscription { tick(sku: "a") { sku size lines { sku price __typename } again: lines { price } } }',
        'subscription ($more: Boolean = false) { tick(sku: "a") { label @skip(if: $more) size @include(if: $more) } }',
        'subscription { tick(sku: "a") { lines { ...P } ... on Tick { sku } } } fragment P on Priced { price sku }',
        "subscription { counted(to: 3) }",
        "subscription { broken }",
        "subscription { refused }",
        "subscription ($to: Int!) { counted(to: $to) }",
        "subscription { counted }",
    ],
)
@pytest.mark.parametrize("failing", [False, True])
async def test_both_engines_give_the_same_events(query: str, failing: bool) -> None:
    """Values of wrong types, nulls, failing fields, failing streams and faulty variables among them."""
    late = UpstreamTimeout(Operation(upstream="shop", name="ticks"), "10.0.0.7 is gone")
    events = [*EVENTS, late] if failing else EVENTS
    upstreams = [shop(events), shop(events)]
    ours = gateway(SCHEMA, shop=upstreams[0])
    theirs = gateway(SCHEMA, options={"engine": "reference"}, shop=upstreams[1])
    before = natives["subscription"]
    expected = await answers(theirs, query)
    assert natives["subscription"] == before
    assert await answers(ours, query) == expected
    assert expected
    assert [call.keys for call in upstreams[0].calls] == [call.keys for call in upstreams[1].calls]
    assert upstreams[0].streams_open == 0


async def test_a_subscription_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For all of its events, and for all who subscribe to the same."""
    compiled: list[Any] = []
    compile_root = operation.compile_root
    monkeypatch.setattr(operation, "compile_root", lambda *given: compiled.append(given) or compile_root(*given))
    app = gateway(SCHEMA, shop=shop(EVENTS))
    before = natives["subscription"]
    for _ in range(3):
        assert len(await answers(app, 'subscription { tick(sku: "a") { sku lines { price } } }')) == len(EVENTS)
    assert natives["subscription"] == before + 3 * len(EVENTS)
    assert len(compiled) == 1
