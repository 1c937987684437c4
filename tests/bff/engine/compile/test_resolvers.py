"""Methods of authors' types, called for whole sets: with arguments, computed, and on objects of another class."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import strawberry
from structlog.testing import capture_logs

from bff.authoring import computed, frontend, via
from bff.authoring.frontend import FrontendSchema
from bff.engine.compile.resolvers import ComputedSet, Method, ResolverCall, choose_resolution
from connectors.contract import Operation
from connectors.errors import UpstreamNotFound, UpstreamTimeout
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway

stock = batched("shop: stock", parameter="sku", key="sku")
spare = batched("shop: spare", parameter="sku", key="sku")
LOST = UpstreamNotFound(Operation(upstream="shop", name="things"), "gone")


@strawberry.input
class Options:
    upper: bool = False
    tail: str = "."


@strawberry.type
class Stock:
    sku: str
    amount: int


@strawberry.type
class Thing:
    sku: str
    name: str | None
    price: int | None = None
    stock: Stock | None = via(stock, sku="sku")
    kept: Stock | None = via(spare, sku="name", default=lambda: Stock(sku="", amount=0))

    @strawberry.field
    def cut(self, first_letters: int = 2, tail: str | None = None) -> str:
        return f"{(self.name or '')[:first_letters]}{tail!r}"

    @strawberry.field
    def changed(self, words: list[str], options: Options) -> str:
        words.append(self.sku)
        options.tail += self.sku
        return f"{words} {options}"

    @strawberry.field
    def words(self, words: list[str]) -> list[str]:
        words.append(self.sku)
        return words

    @strawberry.field
    def told(self, info: strawberry.Info, of: int = 2) -> str | None:
        if self.price == of:
            raise ValueError("no luck")
        return f"{info.path.as_list()} {info.field_name} {info.python_name} {type(info.context).__name__} {of}"

    @strawberry.field
    def called(self) -> str | None:
        CALLS.append(self.sku)
        if self.sku == "b":
            raise StopIteration
        return f"{1 // (self.sku != 'd')}"

    @strawberry.field
    def share(self, of: int) -> int | None:
        return of // self.price if self.price is not None else None

    @computed(needs=("name", "price"))
    def label(self) -> str:
        return f"{self.name}: {10 // (self.price or 1)}"

    @computed(needs="price")
    async def later(self) -> int | None:
        return self.price

    @computed(needs="stock")
    def amount(self) -> int | None:
        return self.stock and self.stock.amount

    @computed(needs=("name", "stock"))
    async def worth(self) -> int | None:
        await asyncio.sleep(0)
        if self.sku == "d":
            raise RuntimeError("no worth")
        return self.stock and self.stock.amount * 2

    @computed(needs="kept")
    def kept_amount(self) -> int | None:
        return self.kept and self.kept.amount

    @computed(needs="label")
    def loud(self) -> str:
        return str(self.label).upper()


@strawberry.type
class Special(Thing):
    price: int | None = via(endpoint("shop: price", {"sku": True}, each=2), sku="sku")


@strawberry.type
class Query:
    things: list[Thing] = via(endpoint("shop: things"))

    @strawberry.field
    def mixed(self) -> list[Thing]:
        return [Thing(sku="a", name="one", price=1), Special(sku="b", name="two")]

    @strawberry.field
    def foreign(self) -> list[Thing]:
        return [Thing(sku="a", name="one", price=1), Foreign()]  # type: ignore[list-item]


class Foreign:
    """Of no strawberry type."""

    sku, name, price = "c", "three", 3


CALLS: list[str] = []
SCHEMA: FrontendSchema = frontend(query=Query)
THINGS = [
    {"sku": "a", "name": "first", "price": 5},
    {"sku": "b", "name": None, "price": 0},
    {"sku": "c", "name": LOST, "price": 2},
    {"sku": "d", "name": "last", "price": None},
]


def answers(call: Any) -> Any:
    if call.operation.name == "spare":
        raise UpstreamTimeout(call.operation, "late")
    if call.operation.name == "price":
        return 7
    return [{"sku": key, "amount": 3} for key in call.keys] if call.keys else THINGS


@pytest.mark.parametrize(
    "query",
    [
        "{ things { cut } }",
        '{ things { cut(firstLetters: 3, tail: "x") other: cut(tail: null) } }',
        "query ($n: Int = 1, $t: String) { things { cut(firstLetters: $n, tail: $t) share(of: $n) } }",
        '{ things { changed(words: ["w"], options: { upper: true }) } }',
        '{ things { words(words: ["w"]) } }',
        "{ things { share(of: 10) price } }",
        "{ things { told other: told(of: 5) } }",
        "{ things { called } }",
        "{ things { label } }",
        "{ things { sku label later amount loud } }",
        "{ things { sku amount worth stock { amount } } }",
        "{ things { amount } }",
        "{ things { keptAmount kept { sku } } }",
        "{ mixed { amount worth keptAmount } }",
        "{ mixed { label cut } }",
        "{ foreign { label } }",
        "{ foreign { sku cut } }",
    ],
)
async def test_the_same_as_one_by_one(query: str) -> None:
    """Values, errors and their places; arguments that a method changes are its own."""
    with capture_logs():
        ours, theirs = [
            await ask(gateway(SCHEMA, options={"engine": engine}, shop=FakeUpstream(answers)), query)
            for engine in ("compiled", "reference")
        ]
    assert ours.data == theirs.data
    assert sorted(map(str, ours.extensions.get("degraded", ()))) == sorted(
        map(str, theirs.extensions.get("degraded", ()))
    )
    assert sorted(map(told, ours.errors or ())) == sorted(map(told, theirs.errors or ()))


async def test_each_is_called_once() -> None:
    """Whatever others raise."""
    CALLS.clear()
    with capture_logs():
        await ask(gateway(SCHEMA, shop=FakeUpstream(answers)), "{ things { called } }")
    assert CALLS == ["a", "b", "c", "d"]


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_what_is_needed_is_one_call(engine: str) -> None:
    """Of the computed fields, and the fetched one itself, for all objects."""
    shop = FakeUpstream(answers)
    with capture_logs():
        await ask(gateway(SCHEMA, options={"engine": engine}, shop=shop), "{ things { amount worth stock { sku } } }")
    assert [call.operation.name for call in shop.calls] == ["things", "stock"]


def told(error: Any) -> str:
    return f"{error['path']} {error['message']} {error['extensions']['code']}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cut", Method),
        ("words", Method),
        ("told", Method),
        ("changed", Method),
        ("label", Method),
        ("later", Method),
        ("amount", ComputedSet),
        ("loud", ResolverCall),
    ],
)
def test_what_is_called_for_whole_sets(name: str, kind: type) -> None:
    """What waits, or needs what is fetched, is called with an info for each object."""
    type_: Any = SCHEMA._schema.type_map["Thing"]
    assert type(choose_resolution(SCHEMA._schema, type_.fields[name], type_)) is kind
