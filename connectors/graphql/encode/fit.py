"""Fits what frontends select and give to the upstream's schema: names of types, names of enum values.

Where the schema is not known, names go out as the frontend's author wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    get_named_type,
    is_composite_type,
)
from graphql.utilities import do_types_overlap

from connectors.contract import Selection, TypeNames


def fit_types(selection: Selection, schema: GraphQLSchema | None, type_: GraphQLNamedType | None) -> Selection:
    """The selection on a type, with types named as the upstream does.

    A type that the upstream's records cannot have at this place is left out.
    """
    calls, names = dict(selection.calls), dict(selection.names)
    fields = tuple(
        (key, inner and fit_types(inner, schema, _find_type(schema, type_, calls[key].name if key in calls else key)))
        for key, inner in selection.fields
    )
    on = tuple(
        (name, fit_types(inner, schema, schema.type_map.get(name) if schema is not None else None))
        for own, inner in selection.on
        for name in _choose_names(names.get(own) or TypeNames((own,)), schema, type_)
    )
    return replace(selection, fields=fields, on=on, names=())


def fit_value(value: Any, type_: GraphQLType | None) -> Any:
    """A value for a place of this type: members of Python's enums as the upstream names them."""
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    if isinstance(type_, GraphQLList) and not isinstance(value, list | tuple):
        return fit_value(value, type_.of_type)
    if isinstance(value, Enum):
        return _choose_enum_value(value, type_)
    if isinstance(value, list | tuple):
        inner = type_.of_type if isinstance(type_, GraphQLList) else type_
        return [fit_value(item, inner) for item in value]
    if isinstance(value, Mapping):
        fields = type_.fields if isinstance(type_, GraphQLInputObjectType) else {}
        return {name: fit_value(item, _type_of(fields, name)) for name, item in value.items()}
    return value


def _choose_enum_value(member: Enum, type_: GraphQLType | None) -> Any:
    """The member's value or name, whichever the upstream's enum has; else its value where that can be a name."""
    if isinstance(type_, GraphQLEnumType):
        for each in (member.value, member.name):
            if isinstance(each, str) and each in type_.values:
                return each
    return member.value if type_ is not None or isinstance(member.value, str) else member.name


def _type_of(fields: Mapping[str, Any], name: str) -> GraphQLInputType | None:
    return fields[name].type if name in fields else None


def _find_type(schema: GraphQLSchema | None, parent: GraphQLNamedType | None, name: str) -> GraphQLNamedType | None:
    """The type of a field's values; None where it is not known."""
    if schema is None or parent is None or not is_composite_type(parent):
        return None
    field = schema.get_field(parent, name)
    return None if field is None else get_named_type(field.type)


def _choose_names(names: TypeNames, schema: GraphQLSchema | None, parent: GraphQLNamedType | None) -> Sequence[str]:
    if schema is None:
        return names.names if names.is_given else names.names[:1]
    fitting = [name for name in names.names if _can_be(schema, parent, schema.type_map.get(name))]
    return fitting if names.is_given else fitting[:1]


def _can_be(schema: GraphQLSchema, parent: GraphQLNamedType | None, type_: GraphQLNamedType | None) -> bool:
    if not is_composite_type(type_):
        return False
    return parent is None or (is_composite_type(parent) and do_types_overlap(schema, parent, type_))
