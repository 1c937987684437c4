"""Names of types upstream."""

from __future__ import annotations

from typing import Annotated

import pytest
import strawberry

from bff.authoring import SchemaError, frontend, upstream_type
from bff.authoring.strawberry_insides import core_schema
from bff.authoring.upstream_types import find_names
from connectors.contract import TypeNames


@upstream_type("Author", "Editor")
@strawberry.type
class Person:
    name: str


@strawberry.type
class Friend(Person):
    pass


@strawberry.type(name="Volume")
class Book:
    title: str


@strawberry.type
class Query:
    person: Person
    friend: Friend
    book: Book


def test_names_are_given_or_those_of_the_type_and_its_class() -> None:
    """A subclass does not inherit the names."""
    types = core_schema(strawberry.Schema(Query)).type_map
    assert find_names(types["Person"]) == TypeNames(("Author", "Editor"), is_given=True)
    assert find_names(types["Friend"]) == TypeNames(("Friend",))
    assert find_names(types["Volume"]) == TypeNames(("Volume", "Book"))
    assert find_names(types["String"]) == TypeNames(("String",))


@pytest.mark.parametrize("names", [(), ("not a name",), (7,)])
def test_only_names_can_be_given(names: tuple[str, ...]) -> None:
    """Said where the type is defined."""
    with pytest.raises(TypeError, match="takes names of types"):
        upstream_type(*names)


@upstream_type("Author")
@strawberry.type
class Writer:
    name: str


@strawberry.type
class Ambiguous:
    hits: list[Annotated[Person | Writer, strawberry.union("Hit")]]


def test_one_name_upstream_is_one_type() -> None:
    """Else it would not be known which type a record has."""
    with pytest.raises(SchemaError, match=r'Hit: Person and Writer both have upstream_type\("Author"\)'):
        frontend(query=Ambiguous)
