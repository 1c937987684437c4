"""The request of a call: single and batch templates, headers, values that cannot be sent."""

from __future__ import annotations

import pytest

from connectors.direct import Direct
from connectors.errors import (
    UpstreamRejected,
)
from connectors.rest.connector import RestConnector
from connectors.rest.endpoints import rest
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, json_response

catalog = rest("catalog")


async def test_a_batch_in_the_query_repeats_its_parameter(upstream: HttpWorld, connector: RestConnector) -> None:
    """The form of design: `id=1&id=2`."""
    product = catalog.get("/products/{id}", many="/products?id={id}", key="id")
    await connector.send(call_of(product, 1, 2))
    await connector.send(call_of(product, id=3))
    assert [request.target for request in upstream.requests] == ["/api/products?id=1&id=2", "/api/products/3"]


async def test_a_batch_can_be_joined_with_commas(upstream: HttpWorld, connector: RestConnector) -> None:
    """In the query by choice, in a path always; other parameters stay."""
    await connector.send(call_of(catalog.get(many="/p?ids={id:comma}&lang={lang}", key="id"), "a,b", "c", lang="de"))
    await connector.send(call_of(catalog.get(many="/p/{id}/stock", key="id"), 1, 2))
    assert [request.target for request in upstream.requests] == ["/api/p?ids=a%2Cb,c&lang=de", "/api/p/1,2/stock"]


async def test_a_batch_can_be_a_list_in_the_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """One key is a list too."""
    search = catalog.post(many="/search", json={"ids": "{id}", "lang": "{lang}"}, key="id", safe=True, batch="id")
    await connector.send(call_of(search, 1, 2, lang="de"))
    await connector.send(call_of(search, 3, lang="de"))
    assert [request.json for request in upstream.requests] == [
        {"ids": [1, 2], "lang": "de"},
        {"ids": [3], "lang": "de"},
    ]


async def test_one_value_through_a_batch_form(upstream: HttpWorld, direct: Direct) -> None:
    """Without a single form the reply is dealt back all the same."""
    upstream.answer = lambda _: json_response({"items": [{"id": 8}, {"id": 7, "title": "Robot"}]})
    product = catalog.get(many="/products?id={id}", key="id", at="items")
    async with direct:
        assert (await product(id="7")).data == {"id": 7, "title": "Robot"}


async def test_a_header_value_cannot_add_a_header(upstream: HttpWorld, connector: RestConnector) -> None:
    """A line break in user data is refused before anything is sent."""
    with pytest.raises(UpstreamRejected, match="x-tenant"):
        await connector.send(call_of(catalog.get("/a", headers={"x-tenant": "{t}"}), t="x\r\nx-admin: 1"))
    assert upstream.requests == []


async def test_path_traversal_is_not_possible(upstream: HttpWorld, connector: RestConnector) -> None:
    """On the wire, where a client's normalizing counts: below /api/products/, or not sent."""
    product = catalog.get("/products/{id}")
    await connector.send(call_of(product, id="../admin"))
    assert upstream.requests[0].target == "/api/products/..%2Fadmin"
    with pytest.raises(UpstreamRejected, match="nothing was sent"):
        await connector.send(call_of(product, id=".."))
    assert len(upstream.requests) == 1


async def test_an_idempotency_key_is_a_header(upstream: HttpWorld, connector: RestConnector) -> None:
    """So that a retried order is one order."""
    order = catalog.post("/orders", json={"sku": "{sku}"}, idempotency_key="{key}")
    await connector.send(call_of(order, sku="T-1", key="k-17"))
    assert upstream.requests[0].headers["idempotency-key"] == "k-17"
