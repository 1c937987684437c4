"""Answers made smaller as clients accept it, and request bodies that come compressed."""

from __future__ import annotations

import asyncio
import gzip
import threading

import brotli
import httpx
import pytest
import zstandard

from bff.contract import Answer
from bff.http.responses.compression import CODINGS, Compression
from tests.bff.http.frontends import open_frontends
from tests.bff.http.world import World

TEXT = "some words which come again and again. " * 100
UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.ZstdDecompressor().decompress}


async def raw(world: World, accept: str | None, query: str = "{ hello }") -> tuple[httpx.Response, bytes]:
    """The response, and its body as it was on the wire."""
    headers = {"accept-encoding": accept} if accept is not None else {"accept-encoding": ""}
    if accept is None:
        world.client.headers.pop("accept-encoding", None)
        headers = {}
    request = world.client.build_request("POST", f"{world.url}/graphql/web", json={"query": query}, headers=headers)
    response = await world.client.send(request, stream=True)
    body = b"".join([part async for part in response.aiter_raw()])
    await response.aclose()
    return response, body


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("zstd;q=0.5, br;q=0.4, gzip;q=0.9", "gzip"),
        ("GZIP;Q=1", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "br"),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=many", None),
        ("deflate", None),
        ("", None),
        (None, None),
    ],
)
async def test_what_a_client_accepts(accept: str | None, coding: str | None) -> None:
    """By q-value, then by what is best for both of us."""
    async with open_frontends() as world:
        world.gateway.result = Answer(data={"text": TEXT})
        response, body = await raw(world, accept)
        assert response.headers.get("content-encoding") == coding
        assert response.headers["vary"] == "accept-encoding"
        plain = UNPACK[coding](body) if coding else body
        assert plain == b'{"data":{"text":"' + TEXT.encode() + b'"}}'
        assert int(response.headers["content-length"]) == len(body)
        assert coding is None or len(body) < len(plain) / 5


async def test_small_answers_stay_as_they_are() -> None:
    """And do not vary."""
    async with open_frontends() as world:
        response, body = await raw(world, "gzip")
        assert "content-encoding" not in response.headers
        assert "vary" not in response.headers
        assert body == b'{"data":{"hello":"hello world"}}'


async def test_how_small_is_an_option() -> None:
    """And whether at all."""
    async with open_frontends(compression={"min_size": 10}) as world:
        response, _ = await raw(world, "gzip")
        assert response.headers["content-encoding"] == "gzip"
    async with open_frontends(compression=None) as world:
        world.gateway.result = Answer(data=TEXT)
        response, _ = await raw(world, "gzip")
        assert "content-encoding" not in response.headers


async def test_streams_are_never_compressed() -> None:
    """Each event must leave at once."""
    async with open_frontends(compression={"min_size": 0}) as world:
        headers = {"accept": "text/event-stream", "accept-encoding": "gzip"}
        asked = {"query": "subscription { count(to: 2) }"}
        response = await world.client.post(f"{world.url}/graphql/web", json=asked, headers=headers)
        assert "content-encoding" not in response.headers
        assert response.text.count("event: next") == 2


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_large_answer_does_not_hold_up_the_others(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compressed in a thread: the loop turns before that is over, however quick it is."""
    loop, compress = asyncio.get_running_loop(), CODINGS[coding]

    def compress_later(body: bytes) -> bytes:
        turned = threading.Event()
        loop.call_soon_threadsafe(turned.set)
        assert turned.wait(5), "the loop stood still"
        return compress(body)

    monkeypatch.setitem(CODINGS, coding, compress_later)
    body = bytes(range(256)) * 4_000
    assert UNPACK[coding](await Compression(0).compress(coding, body)) == body
