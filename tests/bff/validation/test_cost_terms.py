"""The terms of an operation: what each field costs, and what is shared."""

from __future__ import annotations

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse

from bff.authoring import cost, frontend, list_size
from bff.validation.cost import CostLimit
from bff.validation.cost_terms import Terms, compile_terms


@strawberry.type(directives=[cost(3)])
class Heavy:
    id: int = 0


@strawberry.type
class Item:
    name: str = ""
    dear: str = strawberry.field(default="", directives=[cost(2.5)])
    heavy: Heavy


@strawberry.input
class Page:
    size: int
    around: list[int] | None = None


@strawberry.type
class Query:
    @strawberry.field
    def items(self, first: int = 20) -> list[Item]: ...

    @strawberry.field(directives=[list_size(slicing=["page.size"])])
    def paged(self, page: Page) -> list[Item]: ...


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


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query ($n: Int) { items(first: 3) { name @include(if: $n) } }", False),
        ("query ($n: Int) { items(first: $n) { name } }", True),
        ("query ($n: Int) { ...F } fragment F on Query { items(first: $n) { name } }", True),
        ("query ($n: Int) { paged(page: {size: $n}) { name } }", True),
        ("query ($n: Int) { paged(page: {size: 2, around: [1, $n]}) { name } }", True),
        ("query ($n: Int) { paged(page: {size: 2, around: [1, 2]}) { name } }", False),
    ],
)
def test_only_lengths_can_depend_on_variables(query: str, expected: bool) -> None:
    """Other variables leave the cost as it is, so that it is added up once for all requests."""
    assert terms_of(query).has_variables is expected
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert (CostLimit(SCHEMA, 1000)(document, operation) is not None) is expected
