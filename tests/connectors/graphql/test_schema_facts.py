"""Types of variables and kinds of fields: the author's first, then those of the upstream's schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from connectors.errors import DefinitionError
from connectors.graphql.endpoints import graphql
from connectors.graphql.operations import GraphqlOperation
from connectors.graphql.schema_facts import facts_from_schema
from tests.connectors.calls import call_of
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop

up = graphql("shop")


product = up.query("product(id: $id)", fields="id")


async def test_an_authors_types_need_no_schema(shop: Shop, connected: Connect) -> None:
    """Nothing is asked of an upstream but the question itself."""
    typed = up.query("product(id: $id)", fields="id", types={"id": "ID!"})
    await connected().send(call_of(typed, id="p1"))
    assert shop.asked == ["query product($id: ID!) { product(id:$id) { id } }"]
    assert len(shop.requests) == 1


async def test_an_authors_type_goes_before_the_schemas(shop: Shop, connected: Connect) -> None:
    """Where a schema says less than its author knows."""
    typed = up.query("products(first: $first, filter: $filter) { edges }", fields="cursor", types={"first": "Int!"})
    await connected().send(call_of(typed, first=1, filter=None))
    assert shop.asked[0].startswith("query products($first: Int!, $filter: Filter)")


def test_of_two_places_the_stricter_decides() -> None:
    """A variable that may be null does not fit where null is not taken; it may be left out where there is a default."""
    schema = build_schema("type Query { a(x: Int, y: Int!): Int b(x: Int! = 2): Int c(x: Int! = 2, y: Int): Int }")
    types = {}
    for field in ("a(x: $n, y: $n)", "b(x: $n)", "c(x: $n, y: $n)"):
        operation = up.query(field).operation
        assert isinstance(operation, GraphqlOperation)
        types[field] = facts_from_schema(operation, schema).types["n"]
    assert list(types.values()) == ["Int!", "Int", "Int"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("prodct(id: $id)", 'Query has no field "prodct"; did you mean "product"?'),
        ("reviews(productIdz: [$id])", 'no argument "productIdz"; did you mean "productIds"?'),
        ("product(id: $id) { reviewz }", 'Product has no field "reviewz"; did you mean "reviews"?'),
        ("products(filter: {txt: $id}) { edges }", 'Filter has no field "txt"; did you mean "text"?'),
        ("raw(anything: {any: $id})", r"the type of \$id is not known: the upstream's schema does not have it"),
    ],
)
async def test_what_the_schema_does_not_have_is_told(connected: Connect, field: str, words: str) -> None:
    """With the nearest right name, before anything is sent."""
    with pytest.raises(DefinitionError, match=words.replace("?", r"\?")):
        await connected().send(call_of(up.query(field, fields="id"), id="p1"))


async def test_a_kind_that_the_schema_does_not_have_is_told(connected: Connect, tmp_path: Path) -> None:
    """An upstream without mutations."""
    (tmp_path / "shop.graphql").write_text("type Query { a: Int }")
    connector = connected(schema=tmp_path / "shop.graphql")
    with pytest.raises(DefinitionError, match="has no mutations"):
        await connector.send(call_of(up.mutation("add(id: $id)"), id=1))
