"""Bodies of requests: their variables, and values that JSON cannot hold."""

from __future__ import annotations

import asyncio

from connectors.contract import Reply
from connectors.direct import Direct
from connectors.errors import UpstreamRejected
from connectors.graphql.endpoints import graphql
from tests.connectors.calls import call_of, leaves, select
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop

up = graphql("shop")


product = up.query("product(id: $id)")


async def test_mutations_are_sent_alone(shop: Shop, direct: Direct) -> None:
    """With an input object as one value."""
    add = up.mutation("addReview(input: $input)")
    async with direct:
        await asyncio.gather(*(select(leaves("id"), add, input={"productId": "p1", "rating": n}) for n in (1, 2)))
    assert len(shop.asked) == 2
    assert shop.asked[0] == "mutation addReview($input: NewReview!) { addReview(input:$input) { id } }"


async def test_what_json_cannot_hold_is_refused_alone(shop: Shop, connected: Connect) -> None:
    """Before anything is sent; calls of the same moment are answered."""
    connector = connected()
    bad, good = await asyncio.gather(
        connector.send(call_of(product, selection=leaves("id"), id=object())),
        connector.send(call_of(product, selection=leaves("id"), id="p1")),
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
