"""One operation on our engine and on graphql-core's executor, for tests of the modules of this room."""

from __future__ import annotations

from typing import Any

import graphql
from graphql import ExecutionResult, GraphQLSchema, build_schema, parse

from bff import engine


def schema_of(text: str) -> GraphQLSchema:
    """A schema from SDL, to be given resolvers."""
    return build_schema(text)


def run_both(schema: GraphQLSchema, query: str, root: Any = None, **options: Any) -> ExecutionResult:
    """The result of our engine, which is that of graphql-core's."""
    document = parse(query)
    expected = graphql.execute_sync(schema, document, root, **options)
    actual = engine.execute_sync(schema, document, root, **options)
    assert actual.formatted == expected.formatted
    return actual


async def await_both(schema: GraphQLSchema, query: str, root: Any = None, **options: Any) -> ExecutionResult:
    """The same where something must be waited for. `root` is a function, so that each has values of its own."""
    document = parse(query)
    results = []
    for execute in (graphql.execute, engine.execute):
        outcome = execute(schema, document, root() if callable(root) else root, **options)
        results.append(outcome if isinstance(outcome, ExecutionResult) else await outcome)
    assert results[1].formatted == results[0].formatted
    return results[1]
