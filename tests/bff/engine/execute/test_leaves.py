"""Coercing leaves: whole columns that need none, and single values that do (GraphQL specification, section 3.5)."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLBoolean, GraphQLError, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLScalarType, GraphQLString

from bff.engine.execute.leaves import are_response_values, coerce_leaf


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [
        (GraphQLString, ["a", ""], True),
        (GraphQLString, ["a", 1], False),
        (GraphQLID, ["a"], True),
        (GraphQLID, [7], False),
        (GraphQLBoolean, [True, False], True),
        (GraphQLInt, [2**31 - 1, -(2**31)], True),
        (GraphQLInt, [2**31], False),
        (GraphQLInt, [-(2**31) - 1], False),
        (GraphQLInt, [True], False),
        (GraphQLFloat, [1.5, 1e300], True),
        (GraphQLFloat, [1.5, float("nan")], False),
        (GraphQLFloat, [1], False),
        (GraphQLScalarType("Any"), ["a"], False),
    ],
)
def test_columns_that_are_the_response_already(type_: GraphQLScalarType, values: list[Any], expected: bool) -> None:
    """The same decision as coercing each value, and finding it unchanged."""
    assert are_response_values(type_, values, set(map(type, values))) is expected
    if expected:
        coerced = [coerce_leaf(type_, value) for value in values]
        assert [(each, type(each)) for each in coerced] == [(each, type(each)) for each in values]


def test_a_value_is_coerced_by_its_type() -> None:
    """As graphql-core does."""
    assert coerce_leaf(GraphQLID, 7) == "7"
    with pytest.raises(GraphQLError, match="Int cannot represent"):
        coerce_leaf(GraphQLInt, "text")


def test_a_scalar_that_gives_null_is_an_error() -> None:
    """A leaf whose coercion returns nothing has no value."""
    empty = GraphQLScalarType("Empty", coerce_output_value=lambda value: None)
    with pytest.raises(TypeError, match="to return non-nullable value, returned: None"):
        coerce_leaf(empty, "x")
