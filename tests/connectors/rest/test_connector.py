"""What goes over the wire for an endpoint, and what its replies become."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.contract import Call
from connectors.direct import Direct
from connectors.endpoint import Endpoint
from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
    UpstreamFailed,
    UpstreamUnavailable,
)
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.paging import by_url
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, Received, Say, json_response, response

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


def moving(*targets: str, status: int = 302) -> Callable[[Received], Say]:
    """Redirects from the first of these paths to the next, and answers at the last one."""

    def answer(request: Received) -> Say:
        place = targets.index(request.target)
        if place + 1 < len(targets):
            return response(status=status, location=targets[place + 1])
        return json_response({"at": request.target, "by": request.headers.get("authorization")})

    return answer


@asynccontextmanager
async def connected(upstream: HttpWorld, engine: str, **options: Any) -> AsyncGenerator[Direct]:
    """Endpoints of the upstream, by one of the two HTTP clients."""
    address = options.pop("address", f"http://127.0.0.1:{upstream.port}")
    made = Options.model_validate({"address": address, "engine": engine, **options})
    async with Direct({"catalog": connect("catalog", made)}) as direct:
        yield direct


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_to_the_same_origin_are_followed(upstream: HttpWorld, engine: str, status: int) -> None:
    """Up to five, with the same headers."""
    upstream.answer = moving("/a", "/b?x=1", "/c", "/d", "/e", "/f", status=status)
    endpoint = catalog.get("/a", headers={"authorization": "Bearer {token}"})
    async with connected(upstream, engine):
        assert (await endpoint(token="t")).data == {"at": "/f", "by": "Bearer t"}
    assert len(upstream.requests) == 6


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_redirects_without_end_are_an_error(upstream: HttpWorld, engine: str) -> None:
    """After the fifth."""
    upstream.answer = lambda request: response(status=301, location=request.target + "x")
    async with connected(upstream, engine):
        with pytest.raises(UpstreamBadReply, match="more than 5 redirects"):
            await catalog.get("/a")()
    assert len(upstream.requests) == 6


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_redirects_are_not_followed_elsewhere_nor_with_effects(upstream: HttpWorld, engine: str) -> None:
    """Nor where bff.yaml says never."""
    async with HttpWorld() as thief, connected(upstream, engine):
        upstream.answer = lambda _: response(status=307, location=f"http://127.0.0.1:{thief.port}/steal")
        with pytest.raises(UpstreamBadReply, match="another origin"):
            await catalog.get("/a")()
        upstream.answer = lambda _: response(status=303, location="/orders/1")
        with pytest.raises(UpstreamBadReply, match="of a POST is not followed"):
            await catalog.post("/orders")()
        assert thief.requests == []
    async with connected(upstream, engine, redirects="never"):
        with pytest.raises(UpstreamBadReply, match="redirects are not followed"):
            await catalog.get("/a")()
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_a_key_in_the_query_goes_with_every_request(
    upstream: HttpWorld, engine: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Of endpoints, redirects and pages; no error and no log line holds it."""

    def answer(request: Received) -> Say:
        assert "api_key=s3cret%26" in request.target
        if request.target.startswith("/old"):
            return response(status=301, location="/new")
        if "page=2" in request.target:
            return json_response({"items": [2], "next": None})
        return json_response({"items": [1], "next": "/new?page=2"})

    upstream.answer = answer
    caplog.set_level(0)
    address = f"http://127.0.0.1:{upstream.port}/?api_key=s3cret%26"
    for options in ({"query": {"api_key": "s3cret&"}}, {"address": address}):
        async with connected(upstream, engine, **options):
            assert (await catalog.get("/old?x={x}", at="items", pages=by_url())(x=1)).data == [1, 2]
            upstream.answer = lambda _: json_response({}, status=500)
            with pytest.raises(UpstreamFailed) as caught:
                await catalog.get("/old")()
            assert "s3cret" not in str(caught.value)
            upstream.answer = answer
    assert [request.target for request in upstream.requests[:3]] == [
        "/old?x=1&api_key=s3cret%26",
        "/new?api_key=s3cret%26",
        "/new?page=2&api_key=s3cret%26",
    ]
    assert "s3cret" not in caplog.text


async def test_the_check_has_the_key_too(upstream: HttpWorld) -> None:
    """Else a healthy upstream would refuse it."""
    made = Options.model_validate(
        {"address": f"http://127.0.0.1:{upstream.port}", "query": {"k": "v"}, "health": "/h?x=1"}
    )
    connector = connect("catalog", made)
    await connector.check()
    await connector.close()
    assert upstream.requests[0].target == "/h?x=1&k=v"


async def test_a_list_in_a_header_has_commas(upstream: HttpWorld, direct: Direct) -> None:
    """OpenAPI's simple style."""
    async with direct:
        await catalog.get("/a", headers={"x-ids": "{ids}"})(ids=[1, 2, 3])
    assert upstream.requests[0].headers["x-ids"] == "1,2,3"


@pytest.mark.parametrize(
    ("endpoint", "target", "body"),
    [
        (
            catalog.get(many="/beds?ward={ward}&bed={bed}", key=("ward", "bed")),
            "/api/beds?ward=a&ward=b&bed=1&bed=2",
            "",
        ),
        (catalog.get(many="/beds?id={ward}:{bed}&x=1", key=("ward", "bed")), "/api/beds?id=a:1&id=b:2&x=1", ""),
        (
            catalog.post(many="/s", json=[{"w": "{ward}", "b": "{bed}"}], key=("ward", "bed"), safe=True),
            "/api/s",
            '[{"w":"a","b":1},{"w":"b","b":2}]',
        ),
        (
            catalog.post(many="/s", json={"w": "{ward}", "ids": ["{ward}/{bed}"]}, key=("ward", "bed"), safe=True),
            "/api/s",
            '{"w":["a","b"],"ids":["a/1","b/2"]}',
        ),
    ],
)
async def test_a_key_of_several_parts_is_sent_part_by_part(
    upstream: HttpWorld, connector: RestConnector, endpoint: Endpoint, target: str, body: str
) -> None:
    """In the query and in bodies, each key's parts together."""
    await connector.send(Call(operation=endpoint.operation, keys=(("a", 1), ("b", 2))))
    assert (upstream.requests[0].target, upstream.requests[0].body.decode()) == (target, body)
