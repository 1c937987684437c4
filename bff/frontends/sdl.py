"""A schema in GraphQL's schema language, as clients' compilers and federation take it. Used by `frontend`."""

from __future__ import annotations

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLDeferDirective, GraphQLObjectType, GraphQLStreamDirective, print_directive

from bff.authoring.strawberry_insides import core_schema


def print_sdl(schema: strawberry.Schema) -> str:
    """The SDL, without the definitions of @defer and @stream: tools that know them take no others."""
    text = schema.as_str().strip() + "\n"
    for each in GraphQLDeferDirective, GraphQLStreamDirective:
        text = text.replace(print_directive(each) + "\n\n", "")
    return text


def adopt_federation(schema: strawberry.Schema) -> None:
    """Let `_service { sdl }` of a federated schema return `print_sdl`, which is printed once. Idempotent."""
    service = core_schema(schema).type_map.get("_Service")
    field = service.fields.get("sdl") if isinstance(service, GraphQLObjectType) else None
    if field is None:
        return
    printed = cache(lambda: print_sdl(schema))

    def resolve_sdl(source: Any, info: Any) -> str:
        return printed()

    field.resolve = resolve_sdl
