"""Introspection: as much as tools ask for, and not more."""

from __future__ import annotations

import pytest
import strawberry
from graphql import OperationDefinitionNode, get_introspection_query, parse

from bff.contract import Refused
from bff.validation.introspection import FULL_QUERY, IntrospectionLimit


@strawberry.type
class Query:
    hello: str = "world"

    @strawberry.field
    def again(self, times: int = 1) -> list[str]:
        return ["world"] * times


LIMIT = IntrospectionLimit(strawberry.Schema(Query)._schema)


def code(query: str) -> str | None:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    try:
        LIMIT(document, operation)
    except Refused as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize("query", [FULL_QUERY, get_introspection_query(), "{ hello }", "{ __typename }", "{ ...Gone }"])
def test_what_tools_ask_passes(query: str) -> None:
    """With everything that can be asked for; a fragment that is not there is for validation to report."""
    assert code(query) is None


@pytest.mark.parametrize(
    "query",
    [
        "{ " + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(200)) + " }",
        "{ __schema { " + "types { fields { type { " * 6 + "name" + " } } }" * 6 + " } }",
        "{ ...F } fragment F on Query { __schema { ...T } } fragment T on __Schema { "
        + " ".join(f"t{n}: types {{ fields {{ name description }} }}" for n in range(200))
        + " }",
    ],
)
def test_what_multiplies_is_refused(query: str) -> None:
    """By aliases, by nesting, and within fragments."""
    assert code(query) == "TOO_COSTLY"


def test_fragments_that_spread_each_other_end() -> None:
    """A cycle is another rule's to report; it must not hold this one up."""
    assert (
        code("{ ...A } fragment A on Query { ...B __schema { types { name } } } fragment B on Query { ...A }") is None
    )
