"""Bodies of requests: JSON, forms, texts, and files that are read while they are sent."""

from __future__ import annotations

import io

import pytest

from connectors.direct import Direct
from connectors.errors import (
    DefinitionError,
    UpstreamRejected,
)
from connectors.files import File
from connectors.rest.connector import RestConnector
from connectors.rest.endpoints import rest
from tests.connectors.calls import call_of
from tests.connectors.http_world import HttpWorld, json_response

catalog = rest("catalog")


def file_of(content: bytes, name: str = "cat.png", content_type: str = "image/png") -> File:
    return File(io.BytesIO(content), name=name, content_type=content_type, size=len(content))


async def test_a_file_is_the_body(upstream: HttpWorld, direct: Direct) -> None:
    """Byte by byte, with its type and length; twice, if asked twice."""
    content = bytes(range(256)) * 3000
    photo = file_of(content)
    put = catalog.put("/photos/{id}", file="{photo}")
    async with direct:
        for _ in range(2):
            await put(id=1, photo=photo)
    for request in upstream.requests:
        assert request.body == content
        assert request.headers["content-type"] == "image/png"
        assert request.headers["content-length"] == str(len(content))
    assert await photo.read() == content
    assert upstream.connections == 1


async def test_what_is_no_file_is_not_sent(upstream: HttpWorld, direct: Direct) -> None:
    """Nor what has no text."""
    async with direct:
        with pytest.raises(UpstreamRejected, match="must be a file"):
            await catalog.put("/photo", file="{photo}")(photo="text")
        with pytest.raises(UpstreamRejected, match="cannot be written"):
            await catalog.post("/photo", multipart={"a": "{a}"})(a={"b": 1})
    assert upstream.requests == []


def test_two_bodies_are_a_mistake() -> None:
    with pytest.raises(DefinitionError, match="file= and multipart="):
        catalog.post("/photos", file="{a}", multipart={"b": "{b}"})


async def test_json_is_what_it_was(upstream: HttpWorld, direct: Direct) -> None:
    upstream.answer = lambda _: json_response({"ok": True})
    async with direct:
        await catalog.post("/p", json={"a": "{a}"})(a=1)
    assert (upstream.requests[0].headers["content-type"], upstream.requests[0].json) == ("application/json", {"a": 1})


async def test_a_json_body_keeps_types(upstream: HttpWorld, connector: RestConnector) -> None:
    """A lone placeholder is the value as it is; a big integer stays one."""
    order = catalog.post("/orders", json={"lines": "{lines}", "by": "user {user}", "n": "{n}", "none": "{none}"})
    await connector.send(call_of(order, lines=[{"sku": "T-1", "count": 2}], user=7, n=2**70, none=None))
    received = upstream.requests[0]
    assert received.headers["content-type"] == "application/json"
    assert received.json == {"lines": [{"sku": "T-1", "count": 2}], "by": "user 7", "n": 2**70, "none": None}


async def test_a_form_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """Lists repeat their name, None is left out, everything is quoted."""
    login = catalog.post("/login", form={"user": "{user}", "role": "{roles}", "hint": "{hint}", "on": True})
    await connector.send(call_of(login, user="a&b=c", roles=["x", "y"], hint=None))
    received = upstream.requests[0]
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.body == b"user=a%26b%3Dc&role=x&role=y&on=true"


async def test_a_text_body(upstream: HttpWorld, connector: RestConnector) -> None:
    """Text is UTF-8 and says so."""
    await connector.send(call_of(catalog.put("/notes/{id}", text="Note: {note}"), id=1, note="é"))
    received = upstream.requests[0]
    assert (received.method, received.body) == ("PUT", "Note: é".encode())
    assert received.headers["content-type"] == "text/plain; charset=utf-8"


async def test_what_json_cannot_hold_is_not_sent(upstream: HttpWorld, connector: RestConnector) -> None:
    """A clear refusal, without the value."""
    with pytest.raises(UpstreamRejected, match="nothing was sent"):
        await connector.send(call_of(catalog.post("/a", json={"x": "{x}"}), x=object()))
    assert upstream.requests == []
