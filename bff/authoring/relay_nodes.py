"""Replies and records where strawberry's relay takes nodes: `resolve_nodes`, `resolve_node` and connections.

Strawberry looks into what these give before it is a field's value, so it must become nodes first. Called by `frontend`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from graphql import GraphQLField, GraphQLList, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.relay import Node
from strawberry.relay.fields import ConnectionExtension

from bff.authoring.records import Convert, Records, unwrap
from bff.authoring.strawberry_insides import definition_of, own_field_of

_ADOPTED: Final = "__bff_adopted__"
_METHODS: Final = ("resolve_nodes", "resolve_node")


def adopt_nodes(schema: GraphQLSchema, records: Records) -> None:
    """Have the node classes and connections of a schema take replies and records. Idempotent."""
    for type_ in schema.type_map.values():
        definition = definition_of(type_) if isinstance(type_, GraphQLObjectType) else None
        if definition is None:
            continue
        assert isinstance(type_, GraphQLObjectType)
        if issubclass(definition.origin, Node):
            _adopt_class(definition.origin, records.converter(type_), records.converter(GraphQLList(type_)))
        for field in type_.fields.values():
            _adopt_connection(field, records)


def _adopt_class(cls: type, convert: Convert, convert_list: Convert) -> None:
    for name in _METHODS:
        method = vars(cls).get(name)
        if isinstance(method, classmethod) and not hasattr(method.__func__, _ADOPTED):
            chosen = convert_list if name == "resolve_nodes" else convert
            setattr(cls, name, classmethod(_convert_result(method.__func__, chosen)))


def _adopt_connection(field: GraphQLField, records: Records) -> None:
    own = own_field_of(field)
    if own is None or own.base_resolver is None:
        return
    if not any(isinstance(each, ConnectionExtension) for each in own.extensions):
        return
    edges: Any = getattr(get_named_type(field.type), "fields", {}).get("edges")
    node = edges and getattr(get_named_type(edges.type), "fields", {}).get("node")
    resolver = own.base_resolver
    if node is not None and callable(resolver.wrapped_func) and not hasattr(resolver.wrapped_func, _ADOPTED):
        convert = records.converter(GraphQLList(get_named_type(node.type)))
        resolver.wrapped_func = _convert_result(resolver.wrapped_func, convert)


def _convert_result(function: Callable[..., Any], convert: Convert) -> Callable[..., Any]:
    """A function whose result, or what it gives when it is awaited, is unwrapped."""

    async def finish(awaitable: Any) -> Any:
        return unwrap(await awaitable, convert)

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def resolve_later(*args: Any, **kwargs: Any) -> Any:
            return await finish(function(*args, **kwargs))

        made: Callable[..., Any] = resolve_later
    else:

        @wraps(function)
        def resolve_now(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return finish(result) if inspect.isawaitable(result) else unwrap(result, convert)

        made = resolve_now
    setattr(made, _ADOPTED, True)
    return made
