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

from connectors.contract import FieldCall, Selection, TypeNames

APART = "apart_"
"""How keys begin that stand for the same name in several types."""


def fit_types(selection: Selection, schema: GraphQLSchema | None, type_: GraphQLNamedType | None) -> Selection:
    """The selection on a type, with types named as the upstream does.

    A type that the upstream's records cannot have at this place is left out.
    """
    calls, names = dict(selection.calls), dict(selection.names)
    fields = tuple(
        (key, inner and fit_types(inner, schema, _find_type(schema, type_, calls[key].name if key in calls else key)))
        for key, inner in selection.fields
    )
    on = [
        (name, fit_types(inner, schema, schema.type_map.get(name) if schema is not None else None))
        for own, inner in selection.on
        for name in _choose_names(names.get(own) or TypeNames((own,)), schema, type_)
    ]
    if schema is not None and len(on) + bool(fields) > 1:
        on = _tell_apart(schema, type_, selection, on)
    return replace(selection, fields=fields, on=tuple(on), names=())


def restore_names(value: Any) -> Any:
    """Data with the names that `fit_types` replaced so that fields of several types do not conflict."""
    if isinstance(value, dict):
        return {
            name.split("_", 2)[2] if name.startswith(APART) else name: restore_names(item)
            for name, item in value.items()
        }
    return [restore_names(item) for item in value] if isinstance(value, list) else value


def _tell_apart(
    schema: GraphQLSchema, type_: GraphQLNamedType | None, base: Selection, on: Sequence[tuple[str, Selection]]
) -> list[tuple[str, Selection]]:
    """Give fields that several types have, with different types of their own, a key each.

    Otherwise the upstream refuses them (GraphQL specification, section 5.3.2).
    """
    branches = [(type_, base), *((schema.type_map.get(name), inner) for name, inner in on)]
    types: dict[str, set[str]] = {}
    for parent, selection in branches:
        for key, _ in selection.fields:
            types.setdefault(key, set()).add(_write_type(schema, parent, dict(selection.calls), key))
    mixed = {key for key, found in types.items() if len(found) > 1}
    return [(name, _rename(inner, mixed, number)) for number, (name, inner) in enumerate(on)] if mixed else list(on)


def _rename(selection: Selection, mixed: set[str], number: int) -> Selection:
    calls = dict(selection.calls)
    fields = []
    for key, inner in selection.fields:
        if key in mixed and key != "__typename":
            new = f"{APART}{number}_{key}"
            calls[new] = calls.pop(key, FieldCall(key, ("",)))
            fields.append((new, inner))
        else:
            fields.append((key, inner))
    return replace(selection, fields=tuple(fields), calls=tuple(calls.items()))


def _write_type(
    schema: GraphQLSchema, parent: GraphQLNamedType | None, calls: Mapping[str, FieldCall], key: str
) -> str:
    if parent is None or not is_composite_type(parent):
        return ""
    field = schema.get_field(parent, calls[key].name if key in calls else key)
    return "" if field is None else str(field.type)


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
