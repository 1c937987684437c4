"""Types of records in unions and interfaces, told by a field of the record."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
import strawberry

from bff.authoring import adopts, frontend, take, via
from bff.authoring.discriminators import adopts_record
from connectors.errors import DefinitionError
from tests.bff.fakes import FakeUpstream, ask, endpoint, gateway

pets = endpoint("shop: pets")


@adopts(kind="dog")
@strawberry.type
class Dog:
    name: str


@strawberry.type
@adopts({"meta.kind": ("cat", "lynx")})
class Cat:
    name: str = take("title")


@strawberry.type
class Puppy(Dog):
    age: int = 0


Pet = Annotated[Dog | Cat, strawberry.union("Pet")]


@strawberry.type
class Query:
    pets: list[Pet | None] = via(pets)


schema = frontend(query=Query)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_field_tells_the_type(engine: Any) -> None:
    """At the top or deeper; what nothing tells is an error of its item."""
    rows = [
        {"kind": "dog", "name": "Rex"},
        {"meta": {"kind": "lynx"}, "title": "Tom"},
        {"__typename": "Dog", "meta": {"kind": "cat"}, "name": "Ada"},
        {"kind": "bird"},
    ]
    app = gateway(schema, options={"engine": engine}, shop=FakeUpstream(lambda call: rows))
    answer = await ask(app, "{ pets { __typename ... on Dog { name } ... on Cat { title: name } } }")
    assert answer.data["pets"] == [
        {"__typename": "Dog", "name": "Rex"},
        {"__typename": "Cat", "title": "Tom"},
        {"__typename": "Dog", "name": "Ada"},
        None,
    ]
    assert [error["path"] for error in answer.errors] == [["pets", 3]]


def test_what_is_said_of_a_class_is_not_said_of_others() -> None:
    """A subclass has fields of its own, and a class of which nothing is said adopts nothing."""
    assert adopts_record(Dog, {"kind": "dog"})
    assert not adopts_record(Puppy, {"kind": "dog"})
    assert not adopts_record(Query, {})
    with pytest.raises(DefinitionError):
        adopts({"a..b": 1})


ASKED: list[Any] = []


@strawberry.type
class Fox:
    name: str

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        ASKED.append(obj)
        return isinstance(obj, dict) and obj["kind"] == "fox"


@strawberry.type
class Foxes:
    one: Annotated[Fox | Dog, strawberry.union("FoxOrDog")] = via(pets)
    fox: Fox = via(pets)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_an_author_is_asked_once_of_a_record(engine: Any) -> None:
    """Of the upstream's record, and not again of the object that is made of it."""
    ASKED.clear()
    fox = {"kind": "fox", "name": "Ro"}
    app = gateway(frontend(query=Foxes), options={"engine": engine}, shop=FakeUpstream(lambda call: fox))
    answer = await ask(app, "{ one { ... on Fox { name } } }")
    assert (answer.data, ASKED) == ({"one": {"name": "Ro"}}, [fox])
    ASKED.clear()
    assert (await ask(app, "{ fox { name } }")).data == {"fox": {"name": "Ro"}}
    assert ASKED == []
