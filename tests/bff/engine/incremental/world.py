"""Operations with @defer and @stream on our engine, merged to one result, for tests of this room."""

from __future__ import annotations

from typing import Any

from graphql import ExecutionResult, GraphQLDeferDirective, GraphQLSchema, GraphQLStreamDirective, build_schema, parse

from bff import engine


def schema_of(text: str) -> GraphQLSchema:
    """A schema from SDL that knows both directives."""
    schema = build_schema(text)
    schema.directives = (*schema.directives, GraphQLDeferDirective, GraphQLStreamDirective)
    return schema


async def run_in_parts(schema: GraphQLSchema, query: str, root: Any, **options: Any) -> list[dict[str, Any]]:
    """Every part, as graphql-core formats it; one where nothing was deferred."""
    result: Any = engine.experimental_execute_incrementally(schema, parse(query), root, **options)
    result = result if not hasattr(result, "__await__") else await result
    if isinstance(result, ExecutionResult):
        return [dict(result.formatted)]
    return [result.initial_result.formatted, *[each.formatted async for each in result.subsequent_results]]
