"""Unions and interfaces whose records nothing tells apart are found before a request."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from bff.authoring import adopts, frontend, upstream_type, via
from bff.authoring.strawberry_insides import core_schema
from bff.authoring.untold_types import find_untold_types
from connectors import graphql, rest, soap


@strawberry.type
class Plain:
    name: str


@strawberry.type
class Other:
    name: str


@adopts(kind="dog")
@strawberry.type
class Dog:
    name: str


@strawberry.type
class Cat:
    name: str

    @classmethod
    def is_type_of(cls, obj: Any, info: Any) -> bool:
        return obj["kind"] == "cat"


@upstream_type("Bird")
@strawberry.type
class Bird:
    name: str


@strawberry.interface
class Animal:
    name: str


@strawberry.type
class Fish(Animal):
    pass


@strawberry.type
class Frog(Animal):
    pass


Untold = Annotated[Plain | Other, strawberry.union("Untold")]
Told = Annotated[Dog | Cat | Bird, strawberry.union("Told")]
Half = Annotated[Dog | Plain, strawberry.union("Half")]


@strawberry.type
class Box:
    inside: list[Half]


untold_of = rest("up").get("/untold")


@strawberry.type
class Query:
    untold: list[Untold] = via(untold_of)
    told: list[Told] = via(rest("up").get("/told"))
    box: Box = via(rest("up").get("/box"))
    animal: Animal = via(rest("up").get("/animal"))
    selected: Untold = via(graphql("up").query("untold"))
    derived: Untold = via(soap("up").call("Untold"))


@strawberry.type
class Mutation:
    change: Untold = via(rest("up").post("/untold"))


SCHEMA = frontend(query=Query, mutation=Mutation, types=[Fish, Frog])


def test_each_place_is_named_with_advice() -> None:
    """The line of the field, the types that nothing tells, and what to write; mutations too."""
    lines = find_untold_types(core_schema(SCHEMA))
    assert [line.partition(": nothing marks ")[0].split()[-1] for line in lines] == [
        "Query.untold",
        "Query.box",
        "Query.animal",
        "Mutation.change",
    ]
    assert "test_untold_types.py:" in lines[0]
    assert "which records of Untold are Plain, Other" in lines[0]
    assert '@adopts(kind="...")' in lines[0]
    assert "which records of Half are Plain." in lines[1]
    assert "which records of Animal are Fish, Frog" in lines[2]
