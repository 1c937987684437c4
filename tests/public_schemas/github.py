"""GitHub's public schema, 1,600 types, from npm; nobody's tests had it in mind when the engine was written."""

from __future__ import annotations

from functools import cache

from graphql import GraphQLSchema, build_schema

from tests.npm import installed


@cache
def github() -> GraphQLSchema:
    """Not checked: their SDL repeats a field, and deprecates fields that their interfaces do not."""
    file = installed("schemas") / "node_modules" / "@octokit" / "graphql-schema" / "schema.graphql"
    return build_schema(file.read_text(), assume_valid=True)
