"""Every strawberry feature works over records from upstreams as it does over Python objects."""

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from strawberry import relay
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from bff.authoring import frontend, via
from connectors.contract import Reply
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

things = endpoint("shop: things")
thing = endpoint("shop: thing")


async def run(query_type: type, answer: Any, query: str, **options: Any) -> Any:
    app = gateway(frontend(query=query_type, **options), shop=FakeUpstream(lambda call: answer))
    result = await ask(app, query)
    assert not result.errors, result.errors
    return result.data


@strawberry.enum
class Colour(Enum):
    RED = "r"
    BLUE = "b"


async def test_enums_dates_and_decimals_become_python_values() -> None:
    """A resolver sees the member and the date, the frontend the name and the text."""

    @strawberry.type
    class Car:
        colour: Colour
        built: date
        price: Decimal

        @strawberry.field
        def year(self) -> int:
            return self.built.year

        @strawberry.field
        def is_red(self) -> bool:
            return self.colour is Colour.RED

    @strawberry.type
    class Query:
        car: Car = via(thing)

    data = await run(
        Query, {"colour": "r", "built": "2024-02-29", "price": "9.90"}, "{ car { colour built price year isRed } }"
    )
    assert data == {"car": {"colour": "RED", "built": "2024-02-29", "price": "9.90", "year": 2024, "isRed": True}}


@strawberry.interface
class Animal:
    name: str


@strawberry.type
class Dog(Animal):
    barks: bool

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        return isinstance(obj, cls) or (isinstance(obj, dict) and "barks" in obj)


@strawberry.type
class Cat(Animal):
    lives: int


async def test_interfaces_are_told_apart_by_typename_or_by_the_type() -> None:
    """`__typename` decides; without it the author's `is_type_of` does."""

    @strawberry.type
    class Query:
        animals: list[Animal] = via(things)

    data = await run(
        Query,
        [{"name": "Rex", "barks": True}, {"__typename": "Cat", "name": "Tom", "lives": 9}],
        "{ animals { __typename name ... on Dog { barks } ... on Cat { lives } } }",
        types=[Dog, Cat],
    )
    assert data["animals"] == [
        {"__typename": "Dog", "name": "Rex", "barks": True},
        {"__typename": "Cat", "name": "Tom", "lives": 9},
    ]


async def test_unions_work_and_an_unknown_record_says_what_to_do() -> None:
    """A record that no member claims is an error in its place."""

    @strawberry.type
    class Query:
        animals: list[Dog | Cat | None] = via(things)

    app = gateway(frontend(query=Query), shop=FakeUpstream(lambda call: [{"barks": False, "name": "a"}, {"name": "?"}]))
    answer = await ask(app, "{ animals { ... on Dog { barks } } }")
    assert answer.data == {"animals": [{"barks": False}, None]}
    assert answer.errors[0]["message"] == "A service sent an object of DogCat without saying of which type."


T = TypeVar("T")


async def test_generic_types_are_filled() -> None:
    """Page[Cat] is a type like any other."""

    @strawberry.type
    class Page(Generic[T]):
        items: list[T]
        total: int

    @strawberry.type
    class Query:
        cats: Page[Cat] = via(thing)

    data = await run(Query, {"items": [{"name": "Tom", "lives": 7}], "total": 1}, "{ cats { total items { lives } } }")
    assert data == {"cats": {"total": 1, "items": [{"lives": 7}]}}


@strawberry.type
class Node:
    name: str
    parent: Annotated["Node", strawberry.lazy("tests.bff.authoring.test_strawberry_features")] | None = None
    children: list[Annotated["Node", strawberry.lazy("tests.bff.authoring.test_strawberry_features")]] = (
        strawberry.field(default_factory=list)
    )


async def test_lazy_and_recursive_types_are_filled() -> None:
    """A type may contain itself."""

    @strawberry.type
    class Query:
        root: Node = via(thing)

    record = {"name": "a", "children": [{"name": "b", "parent": {"name": "a"}}]}
    data = await run(Query, record, "{ root { name children { name parent { name } children { name } } } }")
    assert data == {"root": {"name": "a", "children": [{"name": "b", "parent": {"name": "a"}, "children": []}]}}


Cents = NewType("Cents", int)


async def test_custom_scalars_are_parsed_and_serialized() -> None:
    """What an upstream sends is parsed, what a frontend gets is serialized."""

    @strawberry.type
    class Price:
        amount: Cents

        @strawberry.field
        def whole(self) -> int:
            return self.amount // 100

    @strawberry.type
    class Query:
        price: Price = via(thing)

    cents = strawberry.scalar(
        name="Cents", serialize=lambda value: f"{value}c", parse_value=lambda text: Cents(int(text[:-1]))
    )
    config = StrawberryConfig(scalar_map={Cents: cents})
    data = await run(Query, {"amount": "250c"}, "{ price { amount whole } }", config=config)
    assert data == {"price": {"amount": "250c", "whole": 2}}


async def test_permissions_guard_fetched_fields() -> None:
    """A refused field makes no call and has a code."""

    class Never(BasePermission):
        message = "Not for you."

        async def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
            return False

    @strawberry.type
    class Query:
        secret: str | None = via(thing, options={"permission_classes": [Never]})

    upstream = FakeUpstream(lambda call: "x")
    answer = await ask(gateway(frontend(query=Query), shop=upstream), "{ secret }")
    assert answer.errors[0]["message"] == "Not for you."
    assert answer.errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert upstream.calls == []


async def test_field_extensions_see_the_declared_type() -> None:
    """An extension around a fetched field can change its reply."""

    class Shout(FieldExtension):
        async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
            reply = await next_(source, info, **kwargs)
            return Reply(reply.data.upper())

    @strawberry.type
    class Query:
        word: str = via(thing, options={"extensions": [Shout()]})

    assert await run(Query, "hello", "{ word }") == {"word": "HELLO"}


async def test_relay_nodes_resolve() -> None:
    """`node(id:)` and global ids are strawberry's."""

    @strawberry.type
    class Fruit(relay.Node):
        id: relay.NodeID[str]
        name: str

        @classmethod
        async def resolve_nodes(cls, *, info: Any, node_ids: Any, required: bool = False) -> Any:
            return [(await thing()).into(Fruit) for _ in node_ids]

    @strawberry.type
    class Query:
        node: relay.Node = relay.node()
        fruit: Fruit = via(thing)

    app = gateway(frontend(query=Query), shop=FakeUpstream(lambda call: {"id": "7", "name": "fig"}))
    fruit = (await ask(app, "{ fruit { id name } }")).data["fruit"]
    assert fruit["name"] == "fig"
    again = await ask(app, "query ($id: ID!) { node(id: $id) { ... on Fruit { name } } }", id=fruit["id"])
    assert again.data == {"node": {"name": "fig"}}


async def test_plain_strawberry_schemas_work_unchanged() -> None:
    """A schema made without `frontend` may return replies too."""

    @strawberry.type
    class Query:
        @strawberry.field
        async def cats(self) -> list[Cat]:
            return await things()  # type: ignore[return-value]

        @strawberry.field
        def hello(self, name: str = "you") -> str:
            return f"hello {name}"

    app = gateway(strawberry.Schema(query=Query), shop=FakeUpstream(lambda call: [{"name": "Tom", "lives": 9}]))
    answer = await ask(app, "{ hello cats { lives } }")
    assert answer.data == {"hello": "hello you", "cats": [{"lives": 9}]}


async def test_private_fields_are_filled_for_python() -> None:
    """What GraphQL does not show, methods and keys may still use."""
    by_code = endpoint("shop: by code", {"code": True})

    @strawberry.type
    class Item:
        code: strawberry.Private[str]
        double: int = via(by_code, code="code")

    @strawberry.type
    class Query:
        item: Item = via(thing)

    upstream = FakeUpstream(lambda call: 4 if call.operation.name == "by code" else {"code": "c-1"})
    answer = await ask(gateway(frontend(query=Query), shop=upstream), "{ item { double } }")
    assert answer.data == {"item": {"double": 4}}
    assert upstream.calls[1].arguments == {"code": "c-1"}


async def test_reply_into_a_strawberry_type() -> None:
    """Outside of a resolver's return, a reply can be had as the type."""
    cat = Reply({"name": "Tom", "lives": 9}).into(Cat)
    assert cat == Cat(name="Tom", lives=9)
    assert Reply([{"name": "Tom", "lives": 9}]).into(list[Cat]) == [cat]
