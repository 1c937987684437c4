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
    [(b"<html>s3cret</html>", "text/html"), (b"\x89PNG\r\n", "image/png"), (b"oops", "application/json")],
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


@pytest.mark.parametrize("body", [b'{"a": tru}', b'{"a": 1} trailing', b'"\xff"', b"[" * 50_000, b"nope"])
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


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("latin-1", "application/json; charset=ISO-8859-1"),
        ("cp1252", 'application/json; Charset="windows-1252"'),
        ("utf-16", "application/json; charset=utf-16"),
        ("utf-16-be", "application/json"),
        ("utf-8-sig", "application/json"),
        ("latin-1", "text/html; charset=latin1"),
    ],
)
@pytest.mark.parametrize("size", [0, 600_000])
async def test_json_in_other_charsets(
    upstream: HttpWorld, connector: RestConnector, encoding: str, content_type: str, size: int
) -> None:
    """Small or large."""
    body = f'{{"v": "caf\u00e9", "w": "{"x" * size}"}}'.encode(encoding)
    upstream.answer = lambda _: response(body, content_type=content_type)
    reply = await connector.send(call_of(catalog.get("/a")))
    assert (await reply.read())["v"] == "caf\u00e9"


async def test_an_unknown_charset_is_named(upstream: HttpWorld, connector: RestConnector) -> None:
    """When sending, as all that cannot be read."""
    upstream.answer = lambda _: response(b'{"v": "\xe9"}', content_type="application/json; charset=x-klingon")
    with pytest.raises(UpstreamBadReply, match="x-klingon"):
        await connector.send(call_of(catalog.get("/a")))


@pytest.mark.parametrize("size", [0, 600_000])
async def test_a_value_that_cannot_be_read_is_lost_alone(
    upstream: HttpWorld, connector: RestConnector, size: int
) -> None:
    """Cut text, half a surrogate pair, NaN, a number out of range."""
    body = b'{"a": "caf\xc3", "b": ["\\ud83d", NaN, 1e999], "c": "ok", "d": "%b"}' % (b"x" * size)
    upstream.answer = lambda _: response(body, content_type="application/json")
    data = await (await connector.send(call_of(catalog.get("/a")))).read()
    assert data["c"] == "ok"
    assert [type(each) for each in (data["a"], *data["b"])] == [UpstreamBadReply] * 4


@pytest.mark.parametrize("prefix", [b")]}',\n", b")]}'\r\n", b"\xef\xbb\xbf)]}',"])
async def test_what_keeps_scripts_out_is_taken_off(
    upstream: HttpWorld, connector: RestConnector, prefix: bytes
) -> None:
    """As Angular's client does."""
    upstream.answer = lambda _: response(prefix + b'{"a": 1}', content_type="application/json")
    assert (await connector.send(call_of(catalog.get("/a")))).data == {"a": 1}


@pytest.mark.parametrize(
    ("body", "place"),
    [(b'{"a": 1,}', "byte 8"), (b"[1, 2,]", "byte 6"), (b'{"a": 1 /* c */}', "byte 8"), (b"{'a': 1}", "byte 1")],
)
async def test_what_is_wrong_has_a_place(
    upstream: HttpWorld, connector: RestConnector, body: bytes, place: str
) -> None:
    """Trailing commas, comments, wrong quotes."""
    upstream.answer = lambda _: response(body, content_type="application/json")
    with pytest.raises(UpstreamBadReply, match=place):
        _ = (await connector.send(call_of(catalog.get("/a")))).data


async def test_of_a_name_that_comes_twice_the_last_counts(upstream: HttpWorld, connector: RestConnector) -> None:
    """As in JavaScript and Python."""
    upstream.answer = lambda _: response(b'{"a": 1, "a": 2}', content_type="application/json")
    assert (await connector.send(call_of(catalog.get("/a")))).data == {"a": 2}
