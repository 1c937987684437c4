"""Find unions and interfaces whose records nothing tells apart, before a request meets one. Called by `bff check`."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

from bff.authoring.discriminators import has_discriminator
from bff.authoring.fields import VIA, Via
from bff.authoring.strawberry_insides import definition_of, own_field_of
from bff.authoring.upstream_types import find_names

_SAYS_TYPES = "connectors.soap"
"""The package whose replies have `__typename` where a type is derived (`xsi:type`). GraphQL's are requested with it."""


def find_untold_types(schema: GraphQLSchema) -> list[str]:
    """One line for each field and type of which records cannot be told from those of the other types."""
    found: list[str] = []
    for type_ in schema.type_map.values():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in type_.fields.items():
            own = own_field_of(field)
            via: Via | None = own.metadata.get(VIA) if own is not None else None
            if via is None or via.endpoint.selects or _says_types(via):
                continue
            for abstract in _iterate_abstract(schema, get_named_type(field.type)):
                untold = [each.name for each in schema.get_possible_types(abstract) if not _is_told(each)]
                if untold and len(schema.get_possible_types(abstract)) > 1:
                    found.append(
                        f"{via.place} {type_.name}.{name}: nothing marks which records of {abstract.name} are "
                        f'{", ".join(untold)}. Write `@adopts(kind="...")` above each, with the field of the record '
                        "that marks it, or an `is_type_of(cls, obj, info)` in it; if the upstream sends `__typename`, "
                        f'`@upstream_type("{untold[0]}")`'
                    )
    return list(dict.fromkeys(found))


def _says_types(via: Via) -> bool:
    return type(via.endpoint.operation).__module__.startswith(_SAYS_TYPES)


def _iterate_abstract(
    schema: GraphQLSchema, type_: GraphQLNamedType
) -> Iterator[GraphQLUnionType | GraphQLInterfaceType]:
    """The unions and interfaces among the types that come with the records of a field."""
    seen: set[str] = set()
    todo = [type_]
    while todo:
        each = todo.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        if isinstance(each, GraphQLUnionType | GraphQLInterfaceType):
            yield each
            todo += schema.get_possible_types(each)
        elif isinstance(each, GraphQLObjectType):
            for field in each.fields.values():
                own = own_field_of(field)
                if own is not None and own.is_basic_field and VIA not in own.metadata:
                    todo.append(get_named_type(field.type))


def _is_told(type_: GraphQLObjectType) -> bool:
    """Whether an author says by what records of a type are known."""
    definition = definition_of(type_)
    if definition is None:
        return False
    return definition.is_type_of is not None or has_discriminator(definition.origin) or find_names(type_).is_given
