"""How long an answer may be kept, by what a schema says of its fields."""

from __future__ import annotations

from typing import Annotated

import pytest
import strawberry
from graphql import parse

from bff.authoring import cache_control, frontend
from bff.contract import Answer, Caching
from bff.engine.adapters.compiled import CompiledProgram
from bff.engine.prepare.plan import Plans
from connectors.errors import UpstreamUnreachable
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

OLD = endpoint("shop: old")


@strawberry.type(directives=[cache_control(60, scope="public")])
class Money:
    amount: int = 1
    exact: int = strawberry.field(default=2, directives=[cache_control(5, scope="public")])


@strawberry.interface(directives=[cache_control(500, scope="public")])
class Named:
    name: str = "x"


@strawberry.type(directives=[cache_control(20, scope="public")])
class Product(Named):
    @strawberry.field
    def price(self) -> Money:
        return Money()

    @strawberry.field
    def mine(self) -> Private:
        return Private()


@strawberry.type(directives=[cache_control(30)])
class Private(Named):
    seen: int = 3


@strawberry.type
class Untold:
    id: int = 4


@strawberry.type
class Query:
    hello: str = "world"
    told: str = strawberry.field(default="for long", directives=[cache_control(100, scope="public")])
    money: Money = strawberry.field(default_factory=Money)
    short: Money = strawberry.field(default_factory=Money, directives=[cache_control(10, scope="public")])
    never: Money = strawberry.field(default_factory=Money, directives=[cache_control(0)])
    product: Product = strawberry.field(default_factory=Product)
    untold: Untold = strawberry.field(default_factory=Untold)
    several: list[Untold] = strawberry.field(default_factory=list, directives=[cache_control(7, scope="public")])

    @strawberry.field
    def named(self) -> Named:
        return Product()

    @strawberry.field
    def either(self) -> Annotated[Money | Private, strawberry.union("Either")]:
        return Money()

    @strawberry.field(directives=[cache_control(100, scope="public")])
    async def old(self) -> list[int]:
        return (await OLD()).data


@strawberry.type
class Mutation:
    @strawberry.mutation(directives=[cache_control(100, scope="public")])
    def change(self) -> bool:
        return True


SCHEMA = frontend(query=Query, mutation=Mutation, types=[Product, Private])


def rule(query: str) -> Caching | None:
    return Plans(SCHEMA._schema, CompiledProgram, max_tokens=1000).prepare(query, None, {}).caching


def public(seconds: int) -> Caching:
    return Caching(max_age=seconds, is_public=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ hello }", None),
        ("{ told }", public(100)),
        ("{ told hello }", None),
        ("{ told __typename }", public(100)),
        ("{ __typename }", None),
        ("{ __schema { description } }", None),
        ("{ money { amount } }", public(60)),
        ("{ money { amount exact } }", public(5)),
        ("{ short { amount } }", public(10)),
        ("{ never { amount } }", None),
        ("{ untold { id } }", None),
        ("{ several { id } }", public(7)),
        ("{ product { name price { amount } } }", public(20)),
        ("{ product { mine { seen } } }", Caching(max_age=20, is_public=False)),
        ("{ told product { ...F } } fragment F on Product { price { exact } }", public(5)),
        ("{ money { amount exact @skip(if: true) } }", public(5)),
        ("{ named { name } }", Caching(max_age=20, is_public=False)),
        ("{ either { ... on Money { amount } } }", Caching(max_age=30, is_public=False)),
        ("mutation { change }", None),
    ],
)
def test_the_least_lasting_part_decides(query: str, expected: Caching | None) -> None:
    """Fields before types, root fields and objects that say nothing forbid it, abstract types are all they may be."""
    assert rule(query) == expected


def test_it_is_worked_out_once() -> None:
    """Plans are kept, and their rules with them."""
    plans = Plans(SCHEMA._schema, CompiledProgram, max_tokens=1000)
    assert plans.prepare("{ told }", None, {}).caching is plans.prepare("{ told }", None, {}).caching


def test_the_schema_says_it_in_apollos_words() -> None:
    """For tools that read SDL, which must stay valid."""
    sdl = SCHEMA.as_str()
    assert "directive @cacheControl(maxAge: Int!, scope: CacheControlScope!)" in sdl
    assert "on FIELD_DEFINITION | OBJECT | INTERFACE | UNION" in sdl
    assert "type Money @cacheControl(maxAge: 60, scope: PUBLIC)" in sdl
    assert "exact: Int! @cacheControl(maxAge: 5, scope: PUBLIC)" in sdl
    assert "enum CacheControlScope" in sdl
    parse(sdl)


async def test_answers_carry_the_rule_unless_something_failed() -> None:
    """What is half an answer is for now only."""
    shop = FakeUpstream(lambda call: [1])
    gate = gateway(SCHEMA, shop=shop)
    answer: Answer = await ask(gate, "{ old }")
    assert (answer.errors, answer.caching) == ([], public(100))
    shop.answer = lambda call: UpstreamUnreachable(call.operation, "gone")
    answer = await ask(gate, "{ old }")
    assert answer.errors
    assert answer.caching is None


def test_a_negative_age_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="seconds"):
        cache_control(-1)
