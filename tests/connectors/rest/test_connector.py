"""What goes over the wire for an endpoint, and what its replies become."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.contract import Call
from connectors.direct import Direct
from connectors.endpoint import Endpoint
from connectors.errors import (
    UpstreamBadReply,
    UpstreamConflict,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
)
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from tests.connectors.http_world import HttpWorld, Say, json_response, response

catalog = rest("catalog")


def batch(endpoint: Endpoint, *keys: Any, **arguments: Any) -> Call:
    return Call(operation=endpoint.operation, arguments=arguments, keys=keys)


def single(endpoint: Endpoint, **arguments: Any) -> Call:
    return Call(operation=endpoint.operation, arguments=arguments)


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


async def test_a_batch_in_the_query_repeats_its_parameter(upstream: HttpWorld, connector: RestConnector) -> None:
    """The form of design: `id=1&id=2`."""
    product = catalog.get("/products/{id}", many="/products?id={id}", key="id")
    await connector.send(batch(product, 1, 2))
    await connector.send(single(product, id=3))
    assert [request.target for request in upstream.requests] == ["/api/products?id=1&id=2", "/api/products/3"]


async def test_a_batch_can_be_joined_with_commas(upstream: HttpWorld, connector: RestConnector) -> None:
    """In the query by choice, in a path always; other parameters stay."""
    await connector.send(batch(catalog.get(many="/p?ids={id:comma}&lang={lang}", key="id"), "a,b", "c", lang="de"))
    await connector.send(batch(catalog.get(many="/p/{id}/stock", key="id"), 1, 2))
    assert [request.target for request in upstream.requests] == ["/api/p?ids=a%2Cb,c&lang=de", "/api/p/1,2/stock"]


async def test_a_batch_can_be_a_list_in_the_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """One key is a list too."""
    search = catalog.post(many="/search", json={"ids": "{id}", "lang": "{lang}"}, key="id", safe=True, batch="id")
    await connector.send(batch(search, 1, 2, lang="de"))
    await connector.send(batch(search, 3, lang="de"))
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


async def test_a_json_body_keeps_types(upstream: HttpWorld, connector: RestConnector) -> None:
    """A lone placeholder is the value as it is; a big integer stays one."""
    order = catalog.post("/orders", json={"lines": "{lines}", "by": "user {user}", "n": "{n}", "none": "{none}"})
    await connector.send(single(order, lines=[{"sku": "T-1", "count": 2}], user=7, n=2**70, none=None))
    received = upstream.requests[0]
    assert received.headers["content-type"] == "application/json"
    assert received.json == {"lines": [{"sku": "T-1", "count": 2}], "by": "user 7", "n": 2**70, "none": None}


async def test_a_form_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """Lists repeat their name, None is left out, everything is quoted."""
    login = catalog.post("/login", form={"user": "{user}", "role": "{roles}", "hint": "{hint}", "on": True})
    await connector.send(single(login, user="a&b=c", roles=["x", "y"], hint=None))
    received = upstream.requests[0]
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.body == b"user=a%26b%3Dc&role=x&role=y&on=true"


async def test_a_text_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """Text is UTF-8 and says so."""
    await connector.send(single(catalog.put("/notes/{id}", text="Note: {note}"), id=1, note="é"))
    received = upstream.requests[0]
    assert (received.method, received.body) == ("PUT", "Note: é".encode())
    assert received.headers["content-type"] == "text/plain; charset=utf-8"


async def test_what_json_cannot_hold_is_not_sent(upstream: HttpWorld, connector: RestConnector) -> None:
    """A clear refusal, without the value."""
    with pytest.raises(UpstreamRejected, match="nothing was sent"):
        await connector.send(single(catalog.post("/a", json={"x": "{x}"}), x=object()))
    assert upstream.requests == []


async def test_headers_of_endpoint_and_policies(upstream: HttpWorld, connector: RestConnector) -> None:
    """Templates are filled, None is left out, and what policies put on a call wins."""
    endpoint = catalog.get("/a", headers={"X-Tenant": "{tenant}", "X-Lang": "{lang}", "accept": "application/hal+json"})
    call = replace(single(endpoint, tenant="t 1", lang=None), headers={"x-tenant": "policy"})
    await connector.send(single(endpoint, tenant="t 1", lang=None))
    await connector.send(call)
    first, second = upstream.requests
    assert (first.headers["x-tenant"], first.headers["accept"]) == ("t 1", "application/hal+json")
    assert "x-lang" not in first.headers
    assert second.headers["x-tenant"] == "policy"


async def test_a_header_value_cannot_add_a_header(upstream: HttpWorld, connector: RestConnector) -> None:
    """A line break in user data is refused before anything is sent."""
    with pytest.raises(UpstreamRejected, match="x-tenant"):
        await connector.send(single(catalog.get("/a", headers={"x-tenant": "{t}"}), t="x\r\nx-admin: 1"))
    assert upstream.requests == []


async def test_path_traversal_is_not_possible(upstream: HttpWorld, connector: RestConnector) -> None:
    """On the wire, where a client's normalizing counts: below /api/products/, or not sent."""
    product = catalog.get("/products/{id}")
    await connector.send(single(product, id="../admin"))
    assert upstream.requests[0].target == "/api/products/..%2Fadmin"
    with pytest.raises(UpstreamRejected, match="nothing was sent"):
        await connector.send(single(product, id=".."))
    assert len(upstream.requests) == 1


async def test_an_idempotency_key_is_a_header(upstream: HttpWorld, connector: RestConnector) -> None:
    """So that a retried order is one order."""
    order = catalog.post("/orders", json={"sku": "{sku}"}, idempotency_key="{key}")
    await connector.send(single(order, sku="T-1", key="k-17"))
    assert upstream.requests[0].headers["idempotency-key"] == "k-17"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
async def test_all_methods(upstream: HttpWorld, connector: RestConnector, method: str) -> None:
    """Each method is sent as itself."""
    upstream.answer = lambda _: response(status=204)
    endpoint: Endpoint = getattr(catalog, method.lower())("/a")
    assert (await connector.send(single(endpoint))).data is None
    assert upstream.requests[0].method == method


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamRejected),
        (401, UpstreamUnauthenticated),
        (403, UpstreamForbidden),
        (404, UpstreamNotFound),
        (408, UpstreamTimeout),
        (409, UpstreamConflict),
        (410, UpstreamNotFound),
        (412, UpstreamConflict),
        (418, UpstreamRejected),
        (422, UpstreamRejected),
        (429, UpstreamRateLimited),
        (500, UpstreamFailed),
        (501, UpstreamFailed),
        (502, UpstreamUnavailable),
        (503, UpstreamUnavailable),
        (504, UpstreamUnavailable),
        (599, UpstreamFailed),
        (301, UpstreamBadReply),
        (304, UpstreamBadReply),
        (307, UpstreamBadReply),
    ],
)
async def test_statuses_become_errors(
    upstream: HttpWorld, connector: RestConnector, status: int, error: type[UpstreamError]
) -> None:
    """Each status has one meaning, its number is kept, and the body is not told."""
    upstream.answer = lambda _: json_response({"password": "s3cret"}, status=status)
    with pytest.raises(UpstreamError) as caught:
        await connector.send(single(catalog.get("/a")))
    assert type(caught.value) is error
    assert str(status) in str(caught.value)
    assert "s3cret" not in str(caught.value)


async def test_redirects_are_explained(upstream: HttpWorld, connector: RestConnector) -> None:
    """An address that moved is a mistake in bff.yaml, not something to follow with credentials."""
    upstream.answer = lambda _: response(status=308, location="https://elsewhere.example/")
    with pytest.raises(UpstreamBadReply, match="redirects are not followed"):
        await connector.send(single(catalog.get("/a")))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "seconds"), [("17", 17), (lambda: formatdate(time.time() + 60, usegmt=True), 60), ("soon", None)]
)
async def test_retry_after_is_understood(
    upstream: HttpWorld, connector: RestConnector, status: int, header: Any, seconds: float | None
) -> None:
    """As seconds and as a date; nonsense is no wish."""
    value = header() if callable(header) else header
    upstream.answer = lambda _: response(status=status, retry_after=value)
    with pytest.raises((UpstreamRateLimited, UpstreamUnavailable)) as caught:
        await connector.send(single(catalog.get("/a")))
    assert caught.value.retry_after == (None if seconds is None else pytest.approx(seconds, abs=5))


@pytest.mark.parametrize("status", [404, 410])
async def test_missing_can_be_null(upstream: HttpWorld, connector: RestConnector, status: int) -> None:
    """By choice of the author."""
    upstream.answer = lambda _: json_response({"error": "no such product"}, status=status)
    reply = await connector.send(single(catalog.get("/products/{id}", missing="null"), id=1))
    assert (reply.data, reply.status) == (None, status)


async def test_a_revalidation_is_a_reply(upstream: HttpWorld, connector: RestConnector) -> None:
    """304 is the answer to a conditional request, which a cache makes."""
    upstream.answer = lambda _: response(status=304, etag='"1"')
    call = replace(single(catalog.get("/a")), headers={"if-none-match": '"1"'})
    assert (await connector.send(call)).status == 304


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
async def test_an_empty_body_is_null(upstream: HttpWorld, connector: RestConnector, body: bytes) -> None:
    """200 without anything in it."""
    upstream.answer = lambda _: response(body)
    assert (await connector.send(single(catalog.get("/a")))).data is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"<html>s3cret</html>", "text/html"), (b"\x89PNG\r\n", "image/png"), (b"oops", "text/plain")],
)
async def test_what_is_not_json_is_said_at_once(
    upstream: HttpWorld, connector: RestConnector, body: bytes, kind: str
) -> None:
    """When sending, so that policies see it; the message names type and size, never the content."""
    upstream.answer = lambda _: response(body, content_type=kind)
    with pytest.raises(UpstreamBadReply, match=kind) as caught:
        await connector.send(single(catalog.get("/a")))
    assert f"{len(body)} bytes" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("body", [b'{"a": tru}', b'{"a": 1} trailing', b'"\xff"', b"[" * 50_000, b"NaN", b"nope"])
async def test_broken_json_is_a_bad_reply(upstream: HttpWorld, connector: RestConnector, body: bytes) -> None:
    """Also when nested too deeply."""
    upstream.answer = lambda _: response(body, content_type="application/json")
    with pytest.raises(UpstreamBadReply, match="application/json"):
        _ = (await connector.send(single(catalog.get("/a")))).data


async def test_big_integers_stay_exact(upstream: HttpWorld, connector: RestConnector) -> None:
    """An order number of 23 digits is no float."""
    upstream.answer = lambda _: response(b'{"n": 12345678901234567890123}')
    assert (await connector.send(single(catalog.get("/a")))).data == {"n": 12345678901234567890123}


async def test_the_reply_has_status_and_headers(upstream: HttpWorld, connector: RestConnector) -> None:
    """What caches and mutations look at."""
    upstream.answer = lambda _: json_response({"id": 1}, status=201, location="/orders/1", cache_control="max-age=5")
    reply = await connector.send(single(catalog.post("/orders", json={})))
    assert (reply.status, reply.headers["location"], reply.headers["cache-control"]) == (201, "/orders/1", "max-age=5")


async def test_a_truncated_reply_is_no_data(upstream: HttpWorld, connector: RestConnector) -> None:
    """Half of a list is never a list."""
    whole = json.dumps(list(range(100))).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    upstream.answer = lambda _: Say(head + whole[:50], then="close")
    with pytest.raises(UpstreamError):
        await connector.send(single(catalog.get("/a")))


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
