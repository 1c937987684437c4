"""How the bodies of good responses become the data of replies."""

from __future__ import annotations

import pytest

from connectors.errors import (
    UpstreamBadReply,
)
from connectors.rest.connector import RestConnector
from connectors.rest.endpoints import rest
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, json_response, response

catalog = rest("catalog")


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf"])
async def test_an_empty_body_is_null(upstream: HttpWorld, connector: RestConnector, body: bytes) -> None:
    """200 without anything in it."""
    upstream.answer = lambda _: response(body)
    assert (await connector.send(call_of(catalog.get("/a")))).data is None


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
        await connector.send(call_of(catalog.get("/a")))
    assert f"{len(body)} bytes" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("body", [b'{"a": tru}', b'{"a": 1} trailing', b'"\xff"', b"[" * 50_000, b"NaN", b"nope"])
async def test_broken_json_is_a_bad_reply(upstream: HttpWorld, connector: RestConnector, body: bytes) -> None:
    """Also when nested too deeply."""
    upstream.answer = lambda _: response(body, content_type="application/json")
    with pytest.raises(UpstreamBadReply, match="application/json"):
        _ = (await connector.send(call_of(catalog.get("/a")))).data


async def test_big_integers_stay_exact(upstream: HttpWorld, connector: RestConnector) -> None:
    """An order number of 23 digits is no float."""
    upstream.answer = lambda _: response(b'{"n": 12345678901234567890123}')
    assert (await connector.send(call_of(catalog.get("/a")))).data == {"n": 12345678901234567890123}


async def test_the_reply_has_status_and_headers(upstream: HttpWorld, connector: RestConnector) -> None:
    """What caches and mutations look at."""
    upstream.answer = lambda _: json_response({"id": 1}, status=201, location="/orders/1", cache_control="max-age=5")
    reply = await connector.send(call_of(catalog.post("/orders", json={})))
    assert (reply.status, reply.headers["location"], reply.headers["cache-control"]) == (201, "/orders/1", "max-age=5")
