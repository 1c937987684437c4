"""What is asked of the upstream: the selection and nothing else, with typed variables, batched and merged."""

from __future__ import annotations

import pytest

from connectors.contract import Selection
from connectors.direct import Direct
from connectors.error_details import AnswerFailure
from connectors.errors import DefinitionError, UpstreamFailed
from connectors.graphql.endpoints import graphql
from connectors.messages.paths import EACH
from tests.connectors.calls import call_of, leaves, select
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop

up = graphql("shop")


product = up.query("product(id: $id)")


reviews = up.query("reviews(productIds: $product_id)", key="productId", group=True)


async def test_only_what_is_selected_is_asked_for(shop: Shop, direct: Direct) -> None:
    """In the order of the frontend, under the author's own names."""
    async with direct:
        data = await select(Selection((("title", None), ("reviews", leaves("rating")))), product, id="p1")
    assert data == {"title": "Title of p1", "reviews": [{"rating": 2}, {"rating": 3}]}
    assert shop.asked == ["query product($id: ID!) { product(id:$id) { title reviews { rating } } }"]
    assert shop.variables == [{"id": "p1"}]


async def test_without_a_selection_the_authors_fields_are_asked_for(shop: Shop, direct: Direct) -> None:
    """In a shell; a frontend's selection goes before them."""
    endpoint = up.query("product(id: $id)", fields="id title")
    async with direct:
        assert await select(None, endpoint, id="p1") == {"id": "p1", "title": "Title of p1"}
        assert await select(leaves("upc"), endpoint, id="p1") == {"upc": "upc-p1"}


async def test_without_both_the_way_out_is_told(direct: Direct) -> None:
    """Nobody can know which fields of a record are wanted."""
    async with direct:
        with pytest.raises(DefinitionError, match="fields="):
            await product(id="p1")


@pytest.mark.parametrize("selection", [None, leaves("ignored")])
async def test_a_leaf_has_no_selection(shop: Shop, direct: Direct, selection: Selection | None) -> None:
    """A scalar, also one of JSON that the frontend has a type for."""
    async with direct:
        assert await select(selection, up.query("count")) == 3
        assert await select(selection, up.query("raw(anything: $it)"), it={"a": [1]}) == {
            "got": {"a": [1]},
            "big": 123456789012345678901234567890,
        }


async def test_a_path_leads_to_the_innermost_field(shop: Shop, direct: Direct) -> None:
    """Arguments may stand at every step, and a list on the way makes the answer a list."""
    endpoint = up.query("product(id: $id) { reviews(first: $first) }")
    nodes = up.query("products(first: 2) { edges { node } }")
    async with direct:
        assert await select(leaves("id"), endpoint, id="p1", first=1) == [{"id": "r1"}]
        assert await select(leaves("id"), endpoint, id="nope", first=1) is None
        assert await select(leaves("id"), nodes) == [{"id": "p1"}, {"id": "p2"}]


async def test_many_keys_are_one_list(shop: Shop, connected: Connect) -> None:
    """The key is asked for, though nobody selected it."""
    reply = await connected().send(call_of(reviews, "p1", "p2", "p3", selection=leaves("id")))
    assert reply.data == [
        {"id": "r1", "productId": "p1"},
        {"id": "r2", "productId": "p1"},
        {"id": "r4", "productId": "p2"},
    ]
    assert shop.asked == ["query reviews($product_id: [ID!]!) { reviews(productIds:$product_id) { id productId } }"]
    assert shop.variables == [{"product_id": ["p1", "p2", "p3"]}]


async def test_many_keys_are_aliases_where_there_is_no_list(shop: Shop, direct: Direct, connected: Connect) -> None:
    """The argument's type decides; every key has its own field, in one request."""
    endpoint = up.query("product(id: $id) { reviews(first: $first) }", key="id", batch="id", group=True)
    reply = await connected().send(call_of(endpoint, "p1", "nope", selection=leaves("text"), first=1))
    assert reply.data == [[{"text": "text 1"}], None]
    (query,) = shop.asked
    assert query == (
        "query product($first: Int, $k0: ID!, $k1: ID!) { "
        "k0: product(id:$k0){reviews(first:$first) { text } } "
        "k1: product(id:$k1){reviews(first:$first) { text } } }"
    )
    assert shop.variables == [{"first": 1, "k0": "p1", "k1": "nope"}]
    async with direct:
        assert await select(leaves("text"), endpoint, id="p2", first=1) == [{"text": "text 4"}]


async def test_aliases_can_be_chosen(shop: Shop, direct: Direct) -> None:
    """Also without a key in the records."""
    endpoint = up.query("product(id: $id)", many="alias")
    async with direct:
        assert await select(leaves("title"), endpoint, id="p2") == {"title": "Title of p2"}
    assert shop.asked == ["query product($k0: ID!) { k0: product(id:$k0) { title } }"]


async def test_a_list_can_be_in_the_order_asked(direct: Direct) -> None:
    """A list of scalars has no key in it."""
    async with direct:
        assert await select(None, up.query("ratings(productIds: $id)", many="list"), id="p1") == 2


async def test_entities_are_looked_up_by_their_key(shop: Shop, connected: Connect) -> None:
    """Representations with the type's name; answered in order."""
    endpoint = up.entities("Product", key="upc")
    reply = await connected(introspection=False).send(
        call_of(endpoint, "upc-p2", "upc-none", selection=leaves("title"))
    )
    assert reply.data == [{"title": "Title of p2"}, None]
    (query,) = shop.asked
    assert query == (
        "query _entities($representations: [_Any!]!) "
        "{ _entities(representations:$representations) { ... on Product { title } } }"
    )
    assert shop.variables[0]["representations"][0] == {"__typename": "Product", "upc": "upc-p2"}


async def test_what_reports_a_failure_is_asked_for_too(shop: Shop, direct: Direct) -> None:
    """`error=` could find nothing in what was not selected."""
    endpoint = up.query("product(id: $id)", error="reviews[].rating", fields="id")
    async with direct:
        with pytest.raises(UpstreamFailed) as caught:
            await select(leaves("title"), endpoint, id="p1")
        with pytest.raises(UpstreamFailed):
            await select(None, endpoint, id="p1")
    assert shop.asked[0] == "query product($id: ID!) { product(id:$id) { title reviews { rating } } }"
    assert caught.value.details == (AnswerFailure(("reviews", EACH, "rating"), [2, 3]),)
