"""Frontends that do not show their schema."""

from __future__ import annotations

import pytest
from graphql import OperationDefinitionNode, parse

from bff.contract import Refused
from bff.validation.no_introspection import refuse_introspection


def code(query: str) -> str | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    try:
        refuse_introspection(document, operation)
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
