"""Lists of keys: which fields have them, and how what the keys have is joined."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import GraphQLInt, GraphQLList, GraphQLNonNull

from bff.authoring import SchemaError, argument, frontend, via
from bff.authoring.fields import has_key_list
from bff.authoring.to_many import allows_null_items, is_list_type, join_outcomes, list_distinct
from tests.bff.fakes import batched

tag = batched("shop: tag")
FAILED = ValueError("failed")


@pytest.mark.parametrize(
    ("keys", "outcomes", "joined"),
    [
        ([2, 1, 2], {1: "a", 2: "b"}, ["b", "a", "b"]),
        ([1, None, 9], {1: "a", 9: None}, ["a", None, None]),
        ([], {}, []),
        ([1, 2], {1: FAILED, 2: "b"}, [FAILED, "b"]),
        ([1, 2], {1: FAILED, 2: FAILED}, FAILED),
    ],
)
def test_what_keys_have_is_joined_in_their_order(keys: Any, outcomes: Any, joined: Any) -> None:
    """A field fails where all of its keys do."""
    assert join_outcomes(keys, outcomes, keeps_null=True, is_grouped=False) == joined


def test_nulls_are_dropped_where_no_item_may_be_null() -> None:
    """Lists are joined end to end."""
    assert join_outcomes([1, None, 2], {1: "a", 2: None}, keeps_null=False, is_grouped=False) == ["a"]
    assert join_outcomes([1, None, 2], {1: ["a", "b"], 2: None}, keeps_null=True, is_grouped=True) == ["a", "b"]


def test_keys_are_distinct_and_what_is_none_is_an_error() -> None:
    """An object where a key should be costs its item alone."""
    wrong = {"id": 1}
    keys, errors = list_distinct([[1, 2, None], [2, wrong, FAILED]])
    assert keys == [1, 2]
    assert sorted(map(type, errors.values()), key=str) == [TypeError, ValueError]
    assert isinstance(join_outcomes([wrong], errors, keeps_null=True, is_grouped=False), TypeError)


def test_types_of_lists() -> None:
    """Null around a list is not null in it."""
    nullable = GraphQLList(GraphQLInt)
    assert allows_null_items(GraphQLNonNull(nullable))
    assert not allows_null_items(GraphQLList(GraphQLNonNull(GraphQLInt)))
    assert is_list_type(GraphQLNonNull(nullable))
    assert not is_list_type(GraphQLInt)


@strawberry.type
class Box:
    one: int
    many: list[int] | None
    hidden: strawberry.Private[list[int]]
    hidden_one: strawberry.Private[int]


@pytest.mark.parametrize(
    ("given", "is_list"),
    [
        ("one", False),
        ("many", True),
        ("hidden", True),
        ("hidden_one", False),
        (argument(list[int] | None, None), True),
        (argument(int), False),
    ],
)
def test_lists_of_keys_are_known_before_anything_runs(given: Any, is_list: bool) -> None:
    """By the type of the field or argument."""
    assert has_key_list(via(tag, id=given).metadata["bff.via"], Box) is is_list


@strawberry.type
class Wrong:
    ids: list[int]
    id: int
    first: int | None = via(tag, id="ids")
    all: list[int] = via(tag, id="id")


def test_a_field_of_one_record_takes_one_key() -> None:
    """And a list of records takes a list of keys, or an endpoint that groups."""

    @strawberry.type
    class Query:
        wrong: Wrong | None = None

    with pytest.raises(SchemaError) as caught:
        frontend(query=Query)
    assert 'id="ids" is a list of keys, so the field must be a list too' in caught.value.problems[0]
    assert "define it with group=True, or give id= a field that is a list of keys" in caught.value.problems[1]
