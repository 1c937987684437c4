"""From resolved values to what a response may hold, a whole column at a time. Used by bff.engine.execute.run.

A column whose values are all of the type's own Python type is the response already (GraphQL specification, section
3.5); only others are coerced one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

from bff.engine.graphql_core import inspect

_MAX_INT = 2_147_483_647

_PLAIN_VALUES: dict[Any, tuple[type, Callable[[list[Any]], bool] | None]] = {
    GraphQLString: (str, None),
    GraphQLID: (str, None),
    GraphQLBoolean: (bool, None),
    GraphQLInt: (int, lambda values: max(values) <= _MAX_INT and min(values) >= -_MAX_INT - 1),
    GraphQLFloat: (float, lambda values: all(map(isfinite, values))),
}
"""For each type of the specification: the Python type that needs no coercion, and what must hold besides."""


def are_response_values(type_: GraphQLLeafType, values: list[Any], kinds: set[type]) -> bool:
    """Whether the values (of these Python types) may stand in the response as they are."""
    own = _PLAIN_VALUES.get(type_)
    if own is None or kinds != {own[0]}:
        return False
    return own[1] is None or own[1](values)


def coerce_leaf(type_: GraphQLLeafType, value: Any) -> Any:
    """One value. Raises what the type's own coercion raises."""
    result = type_.coerce_output_value(value)
    if result is None or result is Undefined:
        raise TypeError(
            f"Expected `{type_}.coerce_output_value({inspect(value)})` to return non-nullable value, "
            f"returned: {inspect(result)}"
        )
    return result
