"""Which format a reply is read in: that of its endpoint, of its content type, or JSON."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.rest.connector import RestConnector, connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from connectors.rest.replies import ReplyOption, csv
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, response

catalog = rest("catalog")


async def read(
    upstream: HttpWorld,
    connector: RestConnector,
    body: bytes,
    content_type: str | None,
    *,
    reply: ReplyOption | None = None,
    status: int = 200,
) -> Any:
    headers = {} if content_type is None else {"content_type": content_type}
    upstream.answer = lambda _: response(body, status, **headers)
    return await (await connector.send(call_of(catalog.get("/a", reply=reply)))).read()


@pytest.mark.parametrize(
    ("body", "content_type", "reply", "expected"),
    [
        (b"2.4.7 (Community)", "text/plain", None, "2.4.7 (Community)"),
        (b"2.40", "text/plain", None, "2.40"),
        (b"42\n", "text/plain", None, 42),
        (b"42\n", "text/plain", "text", "42\n"),
        (b"2.40", "text/plain", "json", 2.4),
        (b'{"a": 1}', "text/plain", None, {"a": 1}),
        (b'{"a": 1', "text/plain", None, '{"a": 1'),
        (b"-0", "text/plain", None, "-0"),
        ("Köln".encode("utf-16"), "text/plain; charset=utf-16", None, "Köln"),
        ("\ufeffKöln".encode(), "text/plain", None, "Köln"),
        (b"caf\xc3\xa9", "text/html", "text", "café"),
        (b'{"a": 1}', "text/html", None, {"a": 1}),
        (b'{"a": 1}', "text/html", "text", '{"a": 1}'),
        (b"a,b\n1,2\n", None, "csv", [{"a": "1", "b": "2"}]),
        (b"a|b\n1|2\n", "text/plain", csv(delimiter="|"), [{"a": "1", "b": "2"}]),
        (b'{"a": 1}\n{"a": 2}', "application/json", "ndjson", [{"a": 1}, {"a": 2}]),
        (b"<a><b>1</b></a>", "text/plain", "xml", {"b": "1"}),
        ("<a><b>é</b></a>".encode("utf-16"), "application/xml", None, {"b": "é"}),
        ("<a><b>é</b></a>".encode("latin-1"), "application/xml; charset=latin1", None, {"b": "é"}),
        ("<?xml version='1.0' encoding='cp1252'?><a>€</a>".encode("cp1252"), "text/xml", None, "€"),
        (b'{"a": 1}', "application/xml", None, {"a": 1}),
        (b"", "text/plain", None, None),
        (b"", "text/csv", None, None),
        (b"", None, "text", ""),
        (b"", None, "csv", []),
        (b"", None, "ndjson", []),
        (b"", None, "xml", None),
    ],
)
async def test_formats(
    upstream: HttpWorld,
    connector: RestConnector,
    body: bytes,
    content_type: str | None,
    reply: ReplyOption | None,
    expected: Any,
) -> None:
    """The endpoint's counts more than the content type's."""
    found = await read(upstream, connector, body, content_type, reply=reply)
    assert (found, type(found)) == (expected, type(expected))


async def test_no_content_is_null_in_every_format(upstream: HttpWorld, connector: RestConnector) -> None:
    """204 says that there is none."""
    upstream.answer = lambda _: response(b"", 204)
    assert (await connector.send(call_of(catalog.get("/a", reply="csv")))).data is None


@pytest.mark.parametrize(
    ("body", "content_type", "reply", "reason"),
    [
        (b"oops", None, None, "write reply="),
        (b"<p>s3cret</p>", "text/html", None, "text/html"),
        (b"caf\xe9", "text/plain", None, "not valid UTF-8"),
        (b"caf\xe9", "text/plain; charset=x-klingon", None, "x-klingon"),
        (b"<a>\xe9</a>", "text/xml; charset=x-klingon", None, "x-klingon"),
        (b"a\n\xe9", "text/csv; charset=x-klingon", None, "x-klingon"),
        (b"oops", "text/plain", "xml", "expected XML"),
        (b"oops", "text/plain", "json", "expected JSON"),
        (b"oops", "text/plain", "ndjson", "expected lines of JSON.*line 1"),
        (b'a\n"x', "text/plain", "csv", "expected CSV.*line 2"),
        (b"<a>", "text/xml", None, "not well-formed"),
    ],
)
async def test_what_is_not_of_the_format(
    upstream: HttpWorld,
    connector: RestConnector,
    body: bytes,
    content_type: str | None,
    reply: ReplyOption | None,
    reason: str,
) -> None:
    """The format and the reason are named, the content is not."""
    with pytest.raises(UpstreamBadReply, match=reason) as caught:
        await read(upstream, connector, body, content_type, reply=reply)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "content_type", "count"),
    [
        (b"id,name\n" + b"1,abcdefghij\n" * 60_000, "text/csv", 60_000),
        (b'{"id": 1, "name": "abcdefghij"}\n' * 30_000, "application/jsonl", 30_000),
        (b"<l>" + b"<i><a>1</a><b>2</b></i>" * 30_000 + b"</l>", "text/xml", 30_000),
    ],
)
async def test_large_replies(upstream: HttpWorld, body: bytes, content_type: str, count: int) -> None:
    """They are read aside, within the bounds of the upstream."""
    address = f"http://127.0.0.1:{upstream.port}"
    connector = connect("catalog", Options(address=address))
    found = await read(upstream, connector, body, content_type)
    assert len(found["i"] if isinstance(found, dict) else found) == count
    bounded = connect("catalog", Options(address=address, max_values=20_000))
    with pytest.raises(UpstreamReplyTooLarge, match="max_values"):
        await read(upstream, bounded, body, content_type)
    await connector.close()
    await bounded.close()


@pytest.mark.parametrize(
    ("reply", "accept"),
    [
        (None, "application/json"),
        ("json", "application/json"),
        ("text", "text/plain, */*;q=0.1"),
        ("csv", "text/csv, */*;q=0.1"),
        ("xml", "application/xml, text/xml;q=0.9, */*;q=0.1"),
    ],
)
async def test_the_format_is_requested(
    upstream: HttpWorld, connector: RestConnector, reply: ReplyOption | None, accept: str
) -> None:
    """Unless the endpoint has another Accept."""
    upstream.answer = lambda _: response(b"")
    await connector.send(call_of(catalog.post("/a", json={}, reply=reply)))
    await connector.send(call_of(catalog.put("/a", json={}, reply=reply, headers={"Accept": "x/y"})))
    assert [each.headers["accept"] for each in upstream.requests] == [accept, "x/y"]
