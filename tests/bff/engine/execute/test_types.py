"""Types of values: names from `resolve_type`, answers of `is_type_of`, and values that have no valid type."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType

from tests.bff.engine.execute.world import await_both, run_both, schema_of

SDL = "interface Pet { name: String } type Cat implements Pet { name: String, lives: Int } type Dog implements Pet { name: String }"
QUERY = "{ pets { name __typename ... on Cat { lives } } cats { name } }"
ROOT = {
    "pets": [
        {"__typename": "Cat", "name": "Tom", "lives": 9},
        {"__typename": "Dog", "name": "Rex"},
        {"__typename": "Cat", "name": "Kit", "lives": 7},
    ],
    "cats": [{"name": "Tom"}, {"name": "odd", "is_odd": True}],
}


def schema(is_type_of: Any = None) -> Any:
    made = schema_of(SDL + " type Query { pets: [Pet], cats: [Cat] }")
    cat = made.type_map["Cat"]
    assert isinstance(cat, GraphQLObjectType)
    cat.is_type_of = is_type_of
    return made


def test_objects_of_several_types_keep_their_places() -> None:
    """Each type is one set."""
    result = run_both(schema(), QUERY, ROOT)
    assert result.data is not None
    assert [each["name"] for each in result.data["pets"]] == ["Tom", "Rex", "Kit"]
    assert result.data["pets"][1] == {"name": "Rex", "__typename": "Dog"}


@pytest.mark.parametrize("name", [None, "NoSuch", "Query", 5])
def test_a_value_without_a_valid_type_fails_alone(name: Any) -> None:
    """With graphql-core's own words."""
    pets = [ROOT["pets"][0], {"__typename": name, "name": "?"}]
    result = run_both(schema(), "{ pets { name } }", {"pets": pets})
    assert result.data == {"pets": [{"name": "Tom"}, None]}


def test_an_object_that_its_type_denies_is_an_error() -> None:
    """Those that it accepts are completed."""
    result = run_both(schema(lambda value, info: "is_odd" not in value), "{ cats { name } }", ROOT)
    assert result.data == {"cats": [{"name": "Tom"}, None]}
    assert "Expected value of type 'Cat' but got" in (result.errors or [])[0].message


def test_a_test_that_raises_fails_its_object() -> None:
    """And no other."""
    result = run_both(schema(lambda value, info: {"Tom": True}[value["name"]]), "{ cats { name } }", ROOT)
    assert result.data == {"cats": [{"name": "Tom"}, None]}


async def test_answers_may_be_awaitable() -> None:
    """Of the type resolver and of the test."""

    async def is_cat(value: Any, info: Any) -> bool:
        return "is_odd" not in value

    async def name_of(value: Any, info: Any, type_: Any) -> Any:
        return value["__typename"]

    result = await await_both(schema(is_cat), QUERY, ROOT, type_resolver=name_of)
    assert result.data is not None
    assert result.data["cats"] == [{"name": "Tom"}, None]
    assert [each["__typename"] for each in result.data["pets"]] == ["Cat", "Dog", "Cat"]
