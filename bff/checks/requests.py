"""Compare what schemas send with the descriptions of upstreams: arguments, inputs and enums that frontends choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)

from bff.authoring.strawberry_insides import name_argument, own_field_of
from bff.checks.uses import Use
from connectors.descriptions import DataType, suggest_name

_CONTRADICTIONS = {
    "Boolean": ("integer", "number", "text"),
    "String": ("boolean",),
    "Int": ("boolean",),
    "Float": ("boolean",),
    "ID": ("boolean",),
}
"""Scalars of GraphQL, and what upstream's they can never be."""


def check_arguments(use: Use, parameters: Mapping[str, DataType]) -> Iterator[str]:
    """What the arguments of a field cannot be upstream."""
    own = own_field_of(use.field)
    for argument in own.arguments if own is not None else ():
        shown = use.field.args.get(name_argument(use.schema, argument))
        if shown is not None and argument.python_name in parameters:
            yield from _compare(shown.type, parameters[argument.python_name], argument.python_name, set())


def _compare(type_: GraphQLInputType, found: DataType, place: str, seen: set[tuple[str, str]]) -> Iterator[str]:
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    if found.is_anything:
        return
    if found.item is not None:
        found = found.item()
    if isinstance(type_, GraphQLInputObjectType):
        yield from _compare_input(type_, found, place, seen)
    elif found.fields is not None and isinstance(type_, GraphQLScalarType) and type_.name in _CONTRADICTIONS:
        yield f"{place} is a {type_.name}, and {found.name} is a record"
    elif isinstance(type_, GraphQLEnumType) and found.values:
        for name, value in type_.values.items():
            member = value.value
            names = {name, str(getattr(member, "name", name)), str(getattr(member, "value", member))}
            if not names & set(found.values):
                yield f'{place}: {found.name} has no value "{name}" of {type_.name}; {suggest_name(name, found.values)}'
    elif isinstance(type_, GraphQLScalarType) and found.scalar in _CONTRADICTIONS.get(type_.name, ()):
        yield f"{place} is a {type_.name}, and {found.name} is of kind {found.scalar}"


def _compare_input(
    type_: GraphQLInputObjectType, found: DataType, place: str, seen: set[tuple[str, str]]
) -> Iterator[str]:
    if found.scalar:
        yield f"{place} is an input with fields, and {found.name} is a single value"
    if found.fields is None or (type_.name, found.name) in seen:
        return
    seen.add((type_.name, found.name))
    fields = found.fields()
    for name, each in type_.fields.items():
        if name in fields:
            yield from _compare(each.type, fields[name], f"{place}.{name}", seen)
        elif not found.is_open:
            yield f'{place}: {found.name} has no field "{name}" of {type_.name}; {suggest_name(name, fields)}'
