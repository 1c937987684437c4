"""How long a list will be: from `@listSize`, or from the arguments that usually say so. Used by cost_terms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)

from bff.contract import Problem

USUAL_ARGUMENTS = ("first", "last", "limit", "pageSize")
"""Arguments that say how long a list will be, where no `@listSize` names others."""
MAX_LENGTH = 10**9
"""Lengths beyond it count as equal."""


@dataclass(frozen=True, slots=True)
class Slicing:
    """One argument that says how long a list is."""

    name: str
    """Its name, with the path inside of it when it is an input object: `first`, `page.size`."""
    node: ValueNode | None
    """What the operation gives; None for nothing."""
    default: Any
    """The schema's; Undefined for none."""

    def get_value(self, variables: Mapping[str, Any]) -> Any:
        """What it is in one request; Undefined when it is not given, None when it is null."""
        value = self.default
        if self.node is not None:
            try:
                given = value_from_ast_untyped(self.node, dict(variables))
            except ValueError:  # Python converts only so many digits
                return MAX_LENGTH
            value = given if given is not Undefined else value
        for step in self.name.split(".")[1:]:
            value = value.get(step, Undefined) if isinstance(value, Mapping) else Undefined
        return value


@dataclass(frozen=True, slots=True, eq=False)
class Length:
    """The length of one field's list."""

    field: str
    slicing: Sequence[Slicing]
    assumed: int
    needs_one: bool
    sized: frozenset[str]
    """The fields below that hold the list; empty when the field itself does."""

    @property
    def has_variables(self) -> bool:
        """Whether it can be another in each request."""
        return any(_has_variables(each.node) for each in self.slicing)

    def estimate(self, variables: Mapping[str, Any]) -> int:
        """At least 1; the largest where several arguments say it. Raises Refused when exactly one is needed."""
        values = [each.get_value(variables) for each in self.slicing]
        given = [value for value in values if value is not Undefined and value is not None]
        if self.needs_one and len(given) != 1:
            # names of arguments that were not given are for those who may see the schema
            message = f'The field "{self.field}" needs exactly one of its slicing arguments, and has {len(given)}.'
            raise Problem.LIST_SIZE_NEEDED.refusal(message)
        return max(map(_limit_length, given), default=max(1, self.assumed))


def find_length(node: FieldNode, field: GraphQLField, directive: Any) -> Length | None:
    """The length of what a field of an operation gives; None when nothing says it. `directive` is its @listSize."""
    if directive is None:
        if not field.args:
            return None
        slicing = [_create_slicing(name, node, field) for name in USUAL_ARGUMENTS if name in field.args]
        return Length(node.name.value, slicing, 1, needs_one=False, sized=frozenset()) if slicing else None
    return Length(
        node.name.value,
        [_create_slicing(name, node, field) for name in directive.slicing_arguments or ()],
        directive.assumed_size or 1,
        needs_one=bool(directive.slicing_arguments) and bool(directive.require_one_slicing_argument),
        sized=frozenset(directive.sized_fields or ()),
    )


def _create_slicing(name: str, node: FieldNode, field: GraphQLField) -> Slicing:
    own = name.partition(".")[0]
    given = next((each.value for each in node.arguments or () if each.name.value == own), None)
    argument = field.args.get(own)
    return Slicing(name, given, Undefined if argument is None else argument.default_value)


def _has_variables(node: ValueNode | None) -> bool:
    if isinstance(node, ListValueNode):
        return any(map(_has_variables, node.values))
    if isinstance(node, ObjectValueNode):
        return any(_has_variables(each.value) for each in node.fields)
    return isinstance(node, VariableNode)


def _limit_length(value: Any) -> int:
    try:
        number = float(value)
    except OverflowError:
        return MAX_LENGTH if value > 0 else 1
    except (TypeError, ValueError):
        return 1  # nonsense: the schema refuses it
    return 1 if math.isnan(number) else int(min(max(number, 1.0), MAX_LENGTH))
