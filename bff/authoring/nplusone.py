"""Find N+1 before start: fields under a list whose endpoint has no list form and no bound. Called by `bff check`."""

from __future__ import annotations

from collections.abc import Set

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)
from graphql.type import GraphQLList

from bff.authoring.fields import VIA
from bff.authoring.strawberry_insides import own_field_of
from connectors.endpoint import Endpoint


def find_n_plus_one(schema: GraphQLSchema, cached_upstreams: Set[str] = frozenset()) -> list[str]:
    """One line for each field that would make a call per object of a list; upstreams with a cache are let off."""
    found = []
    for name in sorted(find_types_in_lists(schema)):
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        for field_name, field in type_.fields.items():
            own = own_field_of(field)
            via = own.metadata.get(VIA) if own is not None else None
            if via is None or not isinstance(via.endpoint, Endpoint) or not via.list_needs():
                continue
            endpoint = via.endpoint
            if endpoint.batch is None and endpoint.each is None and endpoint.operation.upstream not in cached_upstreams:
                found.append(
                    f"{via.place} {name}.{field_name}: {endpoint.name} is called once per object of a list (N+1). "
                    f"Give it a list form with many=, or allow it with each=8 at {endpoint.place}"
                )
    return found


def find_types_in_lists(schema: GraphQLSchema) -> set[str]:
    """Names of the types that stand in a list, or below one, anywhere in the schema."""
    below: set[str] = set()
    seen: set[tuple[str, bool]] = set()
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    todo = [(root.name, False) for root in roots if root is not None]
    while todo:
        name, is_in_list = todo.pop()
        if (name, is_in_list) in seen:
            continue
        seen.add((name, is_in_list))
        type_ = schema.type_map[name]
        if isinstance(type_, GraphQLUnionType):
            todo += [(each.name, is_in_list) for each in type_.types]
            continue
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        if is_in_list:
            below.add(name)
        if isinstance(type_, GraphQLInterfaceType):
            todo += [(each.name, is_in_list) for each in schema.get_possible_types(type_)]
        todo += [(get_named_type(field.type).name, is_in_list or _has_list(field)) for field in type_.fields.values()]
    return below


def _has_list(field: GraphQLField) -> bool:
    type_ = field.type
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)
