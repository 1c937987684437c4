"""What developers write about a GraphQL upstream, and what they are told when it cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.endpoint import Batch
from connectors.errors import DefinitionError
from connectors.graphql.endpoints import graphql

up = graphql("reviews")


def test_every_variable_is_a_parameter() -> None:
    """Wherever it stands: in the path below, or inside of an input object."""
    endpoint = up.query("product(id: $id) { reviews(first: $n, filter: {text: $text}) }")
    assert endpoint.parameters == {"id": True, "n": True, "text": True}


def test_what_may_be_null_may_be_left_out() -> None:
    """By `?`, or by the type its author tells."""
    endpoint = up.query("reviews(first: $n?, after: $after, id: $id)", types={"after": "ID", "id": "ID !"})
    assert endpoint.parameters == {"n": False, "after": False, "id": True}


def test_names_are_what_people_read() -> None:
    """The kind and the path."""
    names = [
        up.query("product(id: $id) { reviews }").operation.name,
        up.mutation("add(input: $input)").operation.name,
        up.subscription("added").operation.name,
        up.entities("Product", key="upc").operation.name,
    ]
    assert names == ["query product.reviews", "mutation add", "subscription added", "entities Product"]


def test_queries_are_safe_and_mutations_are_not() -> None:
    """Policies share and repeat what is safe; a mutation only when its author says that it may be."""
    ask, change, put = up.query("a"), up.mutation("b"), up.mutation("b", idempotent=True)
    assert (ask.operation.is_safe, ask.operation.is_idempotent) == (True, True)
    assert (change.operation.is_safe, change.operation.is_idempotent) == (False, False)
    assert (put.operation.is_safe, put.operation.is_idempotent) == (False, True)


@pytest.mark.parametrize(
    ("options", "batch"),
    [
        ({"key": "productId", "group": True}, Batch(parameter="id", key=("productId",), group=True)),
        ({"key": "product.id", "limit": 5}, Batch(parameter="id", key=("product", "id"), limit=5)),
        ({"many": "list"}, Batch(parameter="id")),
        ({"many": "alias", "key": "id"}, Batch(parameter="id")),
    ],
    ids=["group", "deep-key", "in-order", "alias"],
)
def test_a_batch_has_its_rule(options: dict[str, Any], batch: Batch) -> None:
    """What the generic dealing needs to know."""
    endpoint = up.query("reviews(ids: $id)", **options)
    assert endpoint.batch == batch
    assert endpoint.has_single_form is False
    assert endpoint.selects is True


def test_the_collected_parameter_must_be_given() -> None:
    """Even where its type may be null."""
    endpoint = up.query("reviews(ids: $ids, n: $n)", key="id", batch="ids", types={"ids": "[ID!]"})
    assert endpoint.parameters == {"ids": True, "n": True}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: up.query("reviews(id: $id"), "not a field in GraphQL's syntax"),
        (lambda: up.query(""), "must be one field"),
        (lambda: up.query("a b"), "must be one field"),
        (lambda: up.query("a { b c }"), "must be one field"),
        (lambda: up.query("x: a"), "without aliases"),
        (lambda: up.query("... on A { b }"), "must be one field"),
        (lambda: up.query("a } { b"), "not a field in GraphQL's syntax"),
        (lambda: up.query("a } query B { b"), "not a field in GraphQL's syntax"),
        (lambda: up.query("a(id: $k0)"), "choose another name"),
        (lambda: up.query("a(id: $key)", types={"keys": "ID"}), 'did you mean "key"'),
        (lambda: up.query("a(id: $id)", types={"id": "[ID"}), "which is not valid"),
        (lambda: up.query("a", fields="id {"), "not a selection"),
        (lambda: up.query("a", fields="id } b { c"), "not a selection"),
        (lambda: up.query("a", fields="id } query B { c"), "closes a brace"),
        (lambda: up.query("a", fields="b(n: $n)"), "has a variable"),
        (lambda: up.query("a(id: $id)", group=True), "write key= or many= too"),
        (lambda: up.query("a(id: $id)", batch="id"), "write key= or many= too"),
        (lambda: up.query("a(id: $id, n: $n)", key="id"), "it has $id, $n; write batch="),
        (lambda: up.query("a(id: $id)", key="id", batch="n"), 'batch="n" is not a variable of the field'),
        (lambda: up.query("a", key="id"), "it has no variable"),
        (lambda: up.query("a(id: $id)", key="i d"), "not a path of field names"),
        (lambda: up.query("a(id: $id)", key="id", limit=0), "limit=0 is less than 1"),
        (lambda: up.query("a(id: $id)", key="id", many="lots"), "neither"),  # type: ignore[arg-type]
        (lambda: up.entities("Product", key="sku package"), "not a valid name of a key field"),
        (lambda: up.entities("A }", key="id"), "not a valid name of a type"),
    ],
)
def test_a_mistake_is_told_where_it_was_made(make: Any, words: str) -> None:
    """With the author's file and line, when the module is loaded."""
    with pytest.raises(DefinitionError) as caught:
        make()
    assert words in str(caught.value)
    assert "test_endpoints.py:" in str(caught.value)
