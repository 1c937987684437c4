"""How long a list is estimated to be."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import FieldNode, OperationDefinitionNode, parse

from bff.authoring import frontend, list_size
from bff.contract import Refused
from bff.validation.list_sizes import MAX_LENGTH, Length, find_length


@strawberry.input
class Page:
    size: int | None = None


@strawberry.type
class Query:
    @strawberry.field
    def usual(self, first: int = 20, limit: int | None = None) -> list[str]: ...

    @strawberry.field
    def none(self, text: str = "") -> list[str]: ...

    @strawberry.field(directives=[list_size(slicing=["first", "last"], sized=["edges"])])
    def one(self, first: int | None = None, last: int | None = None) -> list[str]: ...

    @strawberry.field(directives=[list_size(30, slicing=["page.size"])])
    def paged(self, page: Page | None = None) -> list[str]: ...


SCHEMA = frontend(query=Query)


def length(field: str) -> Length | None:
    operation = parse(f"query ($n: Int, $p: Page) {{ {field} }}").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    own = SCHEMA._schema.query_type
    assert own is not None
    known = own.fields[node.name.value]
    directives = known.extensions["strawberry-definition"].directives
    return find_length(node, known, directives[0] if directives else None)


def estimate(field: str, **variables: Any) -> int:
    found = length(field)
    assert found is not None
    return found.estimate(variables)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("usual", 20),
        ("usual(first: 3)", 3),
        ("usual(first: 3, limit: 7)", 7),
        ("usual(first: $n)", 5),
        ("usual(first: -1)", 1),
        ("usual(first: 99999999999999999999)", MAX_LENGTH),
        ("paged", 30),
        ("paged(page: {size: 4})", 4),
        ("paged(page: $p)", 6),
        ("one(last: 2)", 2),
    ],
)
def test_arguments_say_how_long_a_list_is(field: str, expected: int) -> None:
    """The largest of them, within bounds; else the default, or what the author assumes."""
    assert estimate(field, n=5, p={"size": 6}) == expected


def test_a_list_of_which_nothing_says_it() -> None:
    """Has no length."""
    assert length("none") is None


@pytest.mark.parametrize("field", ["one", "one(first: 1, last: 1)", "one(first: null)", "one(first: $n)"])
def test_exactly_one_argument_may_be_needed(field: str) -> None:
    """A null, and a variable without a value, are none."""
    with pytest.raises(Refused) as refused:
        estimate(field)
    assert refused.value.code == "LIST_SIZE_NEEDED"


def test_the_list_may_be_below() -> None:
    """In the fields that the author names."""
    found = length("one(first: 1)")
    assert found is not None
    assert found.sized == {"edges"}
