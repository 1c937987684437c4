"""Computed fields over fetched ones, for whole sets: as one by one, with one call for each need."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from bff.authoring import computed, frontend, via
from connectors.contract import Operation
from connectors.errors import UpstreamNotFound, UpstreamTimeout
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

stock_of = batched("shop: stock", parameter="sku", key="sku")
maker_of = batched("shop: maker", parameter="id", key="id")
late_of = batched("shop: late", parameter="id", key="id")


@strawberry.type
class Stock:
    sku: str
    amount: int


@strawberry.type
class Maker:
    id: int
    name: str


@strawberry.type
class Thing:
    sku: str | None
    maker_id: strawberry.Private[Any]
    stock: Stock | None = via(stock_of, sku="sku")
    maker: Maker | None = via(maker_of, id="maker_id", default=lambda: Maker(id=0, name="nobody"))
    late: Maker | None = via(late_of, id="maker_id", default=None)

    @computed(needs=("stock", "maker"))
    def text(self) -> str | None:
        return f"{self.stock.amount} by {self.maker.name}" if self.stock and self.maker else None

    @computed(needs="maker")
    async def loud(self) -> str:
        await asyncio.sleep(0)
        if self.sku == "b":
            raise RuntimeError("not b")
        assert self.maker is not None
        return self.maker.name.upper()

    @computed(needs=("late", "stock"))
    def missing(self) -> str | None:
        return f"{self.late} {self.stock and self.stock.amount}"


@strawberry.type
class Query:
    things: list[Thing] = via(endpoint("shop: things"))


UNDER_WAY = [0, 0]
"""How many are under way, and the most that were."""


@strawberry.type
class Item:
    maker_id: int
    maker: Maker | None = via(maker_of, id="maker_id")

    @computed(needs="maker")
    async def slow(self) -> int:
        UNDER_WAY[0] += 1
        UNDER_WAY[1] = max(UNDER_WAY)
        await asyncio.sleep(0.01)
        UNDER_WAY[0] -= 1
        return self.maker_id


@strawberry.type
class Items:
    items: list[Item] = via(endpoint("shop: items"))


ITEMS = frontend(query=Items)
LOST = UpstreamNotFound(Operation(upstream="shop", name="things"), "gone")
THINGS: list[dict[str, Any]] = [
    {"sku": "a", "makerId": 1},
    {"sku": "b", "makerId": 1},
    {"sku": None, "makerId": 2},
    {"sku": "none", "makerId": None},
    {"sku": LOST, "makerId": 3},
    {"sku": "bad", "makerId": {"id": 4}},
]
SCHEMA = frontend(query=Query)


def answer(call: Any) -> Any:
    match call.operation.name:
        case "things":
            return THINGS
        case "stock":
            return [{"sku": key, "amount": 3 if key != "bad" else "x"} for key in call.keys if key != "none"]
        case "maker":
            return [{"id": key, "name": f"m{key}"} for key in call.keys if key != 2]
    raise UpstreamTimeout(call.operation, "late")


@pytest.mark.parametrize(
    "query",
    [
        "{ things { text } }",
        "{ things { loud } }",
        "{ things { missing } }",
        "{ things { text stock { amount } maker { name } } }",
        "{ things { a: text b: text missing late { id } } }",
        "query ($yes: Boolean = true) { things { text @include(if: $yes) } }",
    ],
)
async def test_the_same_as_one_by_one(query: str) -> None:
    """Null keys, failed keys, keys that are none, records that are not there, values that do not fit, defaults."""
    with capture_logs():
        ours, theirs = [
            await ask(gateway(SCHEMA, options={"engine": engine}, shop=FakeUpstream(answer)), query)
            for engine in ("compiled", "reference")
        ]
    assert ours.data == theirs.data
    assert told(ours.errors) == told(theirs.errors)
    assert sorted(map(str, ours.extensions.get("degraded", ()))) == sorted(
        map(str, theirs.extensions.get("degraded", ()))
    )


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_each_need_is_one_call(engine: str) -> None:
    """For all objects, and together with the fetched fields themselves."""
    shop = FakeUpstream(answer)
    with capture_logs():
        await ask(gateway(SCHEMA, options={"engine": engine}, shop=shop), "{ things { text loud maker { id } } }")
    assert sorted(call.operation.name for call in shop.calls) == ["maker", "stock", "things"]


async def test_async_ones_run_side_by_side() -> None:
    """All of a set begin before one ends."""
    shop = FakeUpstream(lambda call: answer(call) if call.keys else [{"makerId": n} for n in range(20)])
    done = await ask(gateway(ITEMS, shop=shop), "{ items { slow } }")
    assert done.data == {"items": [{"slow": n} for n in range(20)]}
    assert UNDER_WAY[1] == 20


async def test_too_many_calls_are_an_error_of_each() -> None:
    """As for the fetched field itself."""
    with capture_logs():
        ours, theirs = [
            await ask(
                gateway(SCHEMA, options={"engine": engine, "limits": {"max_calls": 1}}, shop=FakeUpstream(answer)),
                "{ things { text } }",
            )
            for engine in ("compiled", "reference")
        ]
    assert ours.data == theirs.data
    assert told(ours.errors) == told(theirs.errors)


def told(errors: Any) -> list[str]:
    return sorted(f"{each['path']} {each['message']} {each['extensions']['code']}" for each in errors or ())
