"""What is asked of the upstream: the selection and nothing else, with typed variables, batched and merged."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import Call, Reply, Selection
from connectors.direct import Direct
from connectors.endpoint import Endpoint, wanted
from connectors.errors import DefinitionError, UpstreamRejected
from connectors.graphql.connector import GraphqlConnector
from connectors.graphql.endpoints import graphql
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop

up = graphql("shop")
product = up.query("product(id: $id)")
reviews = up.query("reviews(productIds: $product_id)", key="productId", group=True)


def leaves(*names: str) -> Selection:
    return Selection(tuple((name, None) for name in names))


async def select(selection: Selection | None, endpoint: Endpoint, **arguments: Any) -> Any:
    """Await an endpoint as the gateway does around a field."""
    token = wanted.set(selection)
    try:
        return (await endpoint(**arguments)).data
    finally:
        wanted.reset(token)


def ask(
    connector: GraphqlConnector, endpoint: Endpoint, *keys: Any, selection: Selection | None, **arguments: Any
) -> Any:
    call = Call(operation=endpoint.operation, keys=keys, arguments=arguments, selection=selection)
    return connector.send(call)


async def test_only_what_is_selected_is_asked_for(shop: Shop, direct: Direct) -> None:
    """In the order of the frontend, under the author's own names."""
    async with direct:
        data = await select(Selection((("title", None), ("reviews", leaves("rating")))), product, id="p1")
    assert data == {"title": "Title of p1", "reviews": [{"rating": 2}, {"rating": 3}]}
    assert shop.asked == ["query product($id: ID!) { product(id:$id) { title reviews { rating } } }"]
    assert shop.variables == [{"id": "p1"}]


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
    reply = await ask(connected(), reviews, "p1", "p2", "p3", selection=leaves("id"))
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
    reply = await ask(connected(), endpoint, "p1", "nope", selection=leaves("text"), first=1)
    assert reply.data == [[{"text": "text 1"}], None]
    (query,) = shop.asked
    assert query == (
        "query product($first: Int!, $k0: ID!, $k1: ID!) { "
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
    reply = await ask(connected(introspection=False), endpoint, "upc-p2", "upc-none", selection=leaves("title"))
    assert reply.data == [{"title": "Title of p2"}, None]
    (query,) = shop.asked
    assert query == (
        "query _entities($representations: [_Any!]!) "
        "{ _entities(representations:$representations) { ... on Product { title } } }"
    )
    assert shop.variables[0]["representations"][0] == {"__typename": "Product", "upc": "upc-p2"}


async def test_mutations_are_sent_alone(shop: Shop, direct: Direct) -> None:
    """With an input object as one value."""
    add = up.mutation("addReview(input: $input)")
    async with direct:
        await asyncio.gather(*(select(leaves("id"), add, input={"productId": "p1", "rating": n}) for n in (1, 2)))
    assert len(shop.asked) == 2
    assert shop.asked[0] == "mutation addReview($input: NewReview!) { addReview(input:$input) { id } }"


async def test_queries_of_one_moment_are_one_request(shop: Shop, direct: Direct) -> None:
    """Each gets its own answer; names of the same parameter do not meet."""
    async with direct:
        answers = await asyncio.gather(
            select(leaves("title"), product, id="p1"),
            select(leaves("title"), product, id="p2"),
            select(leaves("id"), reviews, product_id="p2"),
            select(None, up.query("count")),
        )
    assert answers == [{"title": "Title of p1"}, {"title": "Title of p2"}, [{"id": "r4", "productId": "p2"}], 3]
    assert len(shop.asked) == 1
    assert shop.asked[0].startswith("query merged($c0_id: ID!, $c1_id: ID!, $c2_product_id: [ID!]!) { c0_product: ")


async def test_different_identities_are_never_merged(shop: Shop, connected: Connect) -> None:
    """Nobody is answered in somebody else's name."""
    connector = connected()
    whoami = up.query("whoami", types={}).operation
    calls = [Call(operation=whoami, headers={"authorization": name}) for name in ("Ann", "Bob", "Ann")]
    replies = await asyncio.gather(*(connector.send(call) for call in calls))
    assert [reply.data for reply in replies] == ["Ann", "Bob", "Ann"]
    assert len(shop.asked) == 2


async def test_merging_can_be_switched_off(shop: Shop, connected: Connect) -> None:
    """Where an upstream counts or knows requests."""
    connector = connected(merge=False)
    await asyncio.gather(*(ask(connector, up.query("count"), selection=None) for _ in range(3)))
    assert shop.asked == ["query count { count }"] * 3


async def test_requests_stay_within_a_size(shop: Shop, connected: Connect) -> None:
    """Fifty calls of one moment are three requests."""
    connector = connected()
    await connector.start()
    replies = await asyncio.gather(
        *(ask(connector, product, selection=leaves("id"), id=f"p{n % 3 + 1}") for n in range(50))
    )
    assert [reply.data["id"] for reply in replies] == [f"p{n % 3 + 1}" for n in range(50)]
    assert len(shop.asked) == 3


async def test_a_call_that_was_given_up_takes_no_other_with_it(shop: Shop, connected: Connect) -> None:
    """They shared the request; the other is still answered."""
    connector = connected()
    await connector.start()
    left = asyncio.ensure_future(ask(connector, product, selection=leaves("id"), id="p1"))
    other = asyncio.ensure_future(ask(connector, product, selection=leaves("id"), id="p2"))
    await asyncio.sleep(0.001)
    left.cancel()
    assert (await other).data == {"id": "p2"}
    assert left.cancelled() or left.done()


async def test_what_json_cannot_hold_is_refused_alone(shop: Shop, connected: Connect) -> None:
    """Before anything is sent; calls of the same moment are answered."""
    connector = connected()
    bad, good = await asyncio.gather(
        ask(connector, product, selection=leaves("id"), id=object()),
        ask(connector, product, selection=leaves("id"), id="p1"),
        return_exceptions=True,
    )
    assert isinstance(bad, UpstreamRejected)
    assert "nothing was sent" in str(bad)
    assert isinstance(good, Reply)
    assert good.data == {"id": "p1"}


async def test_left_out_parameters_are_not_sent(shop: Shop, direct: Direct) -> None:
    """So that the upstream's defaults hold; null is sent as null."""
    endpoint = up.query("products(filter: {text: $text?}, first: $first?) { edges }")
    async with direct:
        await select(leaves("cursor"), endpoint)
        await select(leaves("cursor"), endpoint, text=None, first=1)
    assert shop.asked[0].startswith("query products($text: String, $first: Int)")
    assert shop.variables == [{}, {"text": None, "first": 1}]


async def test_a_name_that_graphql_cannot_have_is_refused(shop: Shop, direct: Direct) -> None:
    """A selection is text in a request, so nothing else may be in it."""
    async with direct:
        with pytest.raises(DefinitionError, match="is not a valid name of a field"):
            await select(leaves("id } whoami product(id: 1) { id"), product, id="p1")
    assert shop.asked == []
