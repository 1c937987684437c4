"""The terms of an operation: what each field costs, and what is shared."""

from __future__ import annotations

import strawberry
from graphql import OperationDefinitionNode, parse

from bff.authoring import cost, frontend
from bff.validation.cost_terms import Terms, compile_terms


@strawberry.type(directives=[cost(3)])
class Heavy:
    id: int = 0


@strawberry.type
class Item:
    name: str = ""
    dear: str = strawberry.field(default="", directives=[cost(2.5)])
    heavy: Heavy


@strawberry.type
class Query:
    @strawberry.field
    def items(self, first: int = 20) -> list[Item]: ...


SCHEMA = frontend(query=Query)._schema


def terms_of(query: str) -> Terms:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return compile_terms(SCHEMA, document, operation)


def test_a_field_has_a_term() -> None:
    """Its own weight once, that of its type and what is in it for each object of its list."""
    (items,) = terms_of("{ items { name dear heavy { id } } }").fields
    assert (items.once, items.each) == (1, 0)
    assert items.length is not None
    assert items.inner is not None
    assert [(each.once, each.each) for each in items.inner.fields] == [(0, 0), (2.5, 0), (1, 3)]


def test_introspection_has_none() -> None:
    """It costs no upstream call; what it may ask for is another rule's."""
    assert terms_of("{ __typename __schema { types { name } } }").fields == []


def test_a_fragment_is_compiled_once() -> None:
    """However often it is spread, so that doubling fragments are linear."""
    terms = terms_of("{ ...F ...F ... { items { name } } } fragment F on Query { items { name } }")
    first, second, inline = terms.shared
    assert first is second
    assert inline is not first
    assert len(first.fields) == 1
