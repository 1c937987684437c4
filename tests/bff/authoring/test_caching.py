"""`cache_control`: what an author says of fields and types, and how it is printed."""

from __future__ import annotations

import pytest
import strawberry
from graphql import GraphQLObjectType, GraphQLSchema

from bff.authoring import cache_control, frontend
from bff.authoring.caching import CacheControlScope, hint_of
from bff.authoring.strawberry_insides import core_schema


@strawberry.type(directives=[cache_control(30, scope="public")])
class Item:
    id: int
    stock: int = strawberry.field(directives=[cache_control(5)])


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item:
        return Item(id=1, stock=2)


SCHEMA = frontend(query=Query)
CORE = core_schema(SCHEMA)


def item_type(schema: GraphQLSchema) -> GraphQLObjectType:
    type_ = schema.type_map["Item"]
    assert isinstance(type_, GraphQLObjectType)
    return type_


def test_hints_of_types_and_fields() -> None:
    """None where nothing is said."""
    item = item_type(CORE)
    whole, stock = hint_of(item), hint_of(item.fields["stock"])
    assert whole is not None
    assert stock is not None
    assert (whole.max_age, whole.scope) == (30, CacheControlScope.PUBLIC)
    assert (stock.max_age, stock.scope) == (5, CacheControlScope.PRIVATE)
    assert hint_of(item.fields["id"]) is None
    assert hint_of(GraphQLObjectType("Plain", {})) is None


def test_it_is_printed_as_apollos_directive() -> None:
    """So that its tools read it."""
    assert "stock: Int! @cacheControl(maxAge: 5, scope: PRIVATE)" in SCHEMA.as_str()


def test_a_negative_age_is_refused() -> None:
    """Where it is written."""
    with pytest.raises(ValueError, match="not -1"):
        cache_control(-1)
