"""Frontends that do not show their schema."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse

from bff.contract import Refused
from bff.validation.no_introspection import NoIntrospection

PLAIN = build_schema("type Query { a: A, _service: Int } type A { b: Int }")
FEDERATED = build_schema("type Query { a: Int, _service: _Service! } type _Service { sdl: String }")


def code(query: str, schema: GraphQLSchema = PLAIN) -> str | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    try:
        NoIntrospection(schema)(document, operation)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ a { b } x: __type(name: "X") { name } }',
        "{ ... { ...F } } fragment F on Query { __schema { queryType { name } } }",
    ],
)
def test_introspection_is_refused_wherever_it_hides(query: str) -> None:
    """Under an alias, and in fragments."""
    assert code(query) == "INTROSPECTION_DISABLED"


@pytest.mark.parametrize("query", ["{ __typename a { __typename } }", "{ a }"])
def test_the_name_of_a_type_is_a_part_of_data(query: str) -> None:
    """Clients need it for their caches."""
    assert code(query) is None


@pytest.mark.parametrize(
    "query",
    [
        "{ _service { sdl } }",
        "{ a x: _service { sdl } }",
        "query { ...F ...F } fragment F on Query { ... @include(if: true) { _service { sdl } } }",
    ],
)
def test_a_federated_schema_does_not_tell_its_sdl(query: str) -> None:
    """`_service { sdl }` says more than introspection does. A field of that name with another type is data."""
    assert code(query, FEDERATED) == "INTROSPECTION_DISABLED"
    assert code("{ a }", FEDERATED) is None
    assert code("{ _service }", PLAIN) is None
