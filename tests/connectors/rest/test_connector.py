"""What goes over the wire for an endpoint, and what its replies become."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from connectors.direct import Direct
from connectors.endpoint import Endpoint
from connectors.errors import (
    UpstreamError,
    UpstreamUnavailable,
)
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, Say, json_response, response

catalog = rest("catalog")


async def test_an_endpoint_is_one_request(upstream: HttpWorld, direct: Direct) -> None:
    """Prefix of the address, quoted values, and JSON asked for."""
    product = catalog.get("/products/{id}?lang={lang}")
    async with direct:
        assert (await product(id="a/b", lang="de")).data == {"ok": True}
    received = upstream.requests[0]
    assert (received.method, received.target) == ("GET", "/api/products/a%2Fb?lang=de")
    assert received.headers["accept"] == "application/json"


async def test_at_points_into_the_reply(upstream: HttpWorld, direct: Direct) -> None:
    """The scope applies the path; the payload stays bytes for the compiled engine."""
    upstream.answer = lambda _: json_response({"items": [{"id": 1}], "total": 1})
    products = catalog.get("/products?category={category}&limit={first}", at="items")
    async with direct:
        reply = await products(category="toys", first=20)
    assert isinstance(reply.payload, bytes)
    assert reply.data == [{"id": 1}]
    assert upstream.requests[0].target == "/api/products?category=toys&limit=20"


async def test_headers_of_endpoint_and_policies(upstream: HttpWorld, connector: RestConnector) -> None:
    """Templates are filled, None is left out, and what policies put on a call wins."""
    endpoint = catalog.get("/a", headers={"X-Tenant": "{tenant}", "X-Lang": "{lang}", "accept": "application/hal+json"})
    call = replace(call_of(endpoint, tenant="t 1", lang=None), headers={"x-tenant": "policy"})
    await connector.send(call_of(endpoint, tenant="t 1", lang=None))
    await connector.send(call)
    first, second = upstream.requests
    assert (first.headers["x-tenant"], first.headers["accept"]) == ("t 1", "application/hal+json")
    assert "x-lang" not in first.headers
    assert second.headers["x-tenant"] == "policy"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
async def test_all_methods(upstream: HttpWorld, connector: RestConnector, method: str) -> None:
    """Each method is sent as itself."""
    upstream.answer = lambda _: response(status=204)
    endpoint: Endpoint = getattr(catalog, method.lower())("/a")
    assert (await connector.send(call_of(endpoint))).data is None
    assert upstream.requests[0].method == method


async def test_a_truncated_reply_is_no_data(upstream: HttpWorld, connector: RestConnector) -> None:
    """Half of a list is never a list."""
    whole = json.dumps(list(range(100))).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    upstream.answer = lambda _: Say(head + whole[:50], then="close")
    with pytest.raises(UpstreamError):
        await connector.send(call_of(catalog.get("/a")))


async def test_check_asks_for_the_health_path(upstream: HttpWorld) -> None:
    """GET of the path given, HEAD of / otherwise; any answer below 500 is up."""
    address = f"http://127.0.0.1:{upstream.port}/api/"
    upstream.answer = lambda _: response(status=404)
    for health in (None, "/healthz"):
        connector = connect("catalog", Options(address=address, health=health))
        await connector.check()
        await connector.close()
    assert [(request.method, request.target) for request in upstream.requests] == [
        ("HEAD", "/api/"),
        ("GET", "/api/healthz"),
    ]


async def test_check_fails_when_the_upstream_does(upstream: HttpWorld, connector: RestConnector) -> None:
    """Not ready."""
    upstream.answer = lambda _: response(status=503)
    with pytest.raises(UpstreamUnavailable):
        await connector.check()
