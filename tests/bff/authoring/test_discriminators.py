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
