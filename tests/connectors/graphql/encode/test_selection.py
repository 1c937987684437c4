"""Selections as GraphQL text."""

from __future__ import annotations

import pytest

from connectors.contract import Selection
from connectors.direct import Direct
from connectors.errors import DefinitionError
from connectors.graphql.encode.calls import NestedCalls
from connectors.graphql.encode.selection import add_path, normalize_selection, render_selection
from connectors.graphql.endpoints import graphql
from tests.connectors.calls import leaves, select
from tests.connectors.graphql.shop import Shop

up = graphql("shop")


product = up.query("product(id: $id)")
reviews = up.query("reviews(productIds: $product_id)", key="productId", group=True)


async def test_types_are_told_apart(shop: Shop, direct: Direct) -> None:
    """What is wanted of one type only, with the type's name beside it."""
    media = Selection(
        (("url", None),), on=(("Photo", leaves("width")), ("Video", leaves("seconds")), ("Nothing", Selection()))
    )
    async with direct:
        (first, *_) = await select(Selection((("media", media),)), reviews, product_id="p1")
    assert first["media"] == [
        {"__typename": "Photo", "url": "/p", "width": 7},
        {"__typename": "Video", "url": "/v", "seconds": 9},
    ]
    assert "... on Photo { width } ... on Video { seconds }" in shop.asked[0]


async def test_nothing_to_ask_for_is_still_a_selection(shop: Shop, direct: Direct) -> None:
    """A frontend may want nothing but fields that come from elsewhere."""
    async with direct:
        assert await select(Selection(), product, id="p1") == {"__typename": "Product"}


async def test_a_name_that_graphql_cannot_have_is_refused(shop: Shop, direct: Direct) -> None:
    """A selection is text in a request, so nothing else may be in it."""
    async with direct:
        with pytest.raises(DefinitionError, match="is not a valid name of a field"):
            await select(leaves("id } whoami product(id: 1) { id"), product, id="p1")
    assert shop.asked == []


def test_a_path_is_added_to_what_is_selected() -> None:
    """A field that is there keeps its place and its own selection."""
    selection = Selection((("product", leaves("title")), ("text", None)))
    nested = NestedCalls("")
    assert render_selection(add_path(selection, ("product", "id")), nested) == "product { title id } text"
    assert render_selection(add_path(leaves("id"), ("id",)), nested) == "id"
    assert render_selection(add_path(Selection(), ("id",)), nested) == "id"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("", ""),
        ("  ", ""),
        ("id,\n author { name } # who", "id author{name}"),
        ("... on Photo { width }", "...on Photo{width}"),
    ],
)
def test_default_selections_are_made_short(fields: str, text: str) -> None:
    """Without what GraphQL ignores."""
    assert normalize_selection(fields) == text


@pytest.mark.parametrize("fields", ["id }", "id } query B { id", "{", "a(x: $x)"])
def test_default_selections_stay_within_their_field(fields: str) -> None:
    """What would end the field, or needs a variable that no call has."""
    with pytest.raises(ValueError, match="fields="):
        normalize_selection(fields)
