"""Answers made smaller as clients accept it, and request bodies that come compressed."""

from __future__ import annotations

import asyncio
import gzip
import threading
import tracemalloc
import zlib

import brotli
import httpx
import pytest
import zstandard

from bff.contract import Answer
from bff.http.responses.compression import CODINGS, Compression
from tests.bff.http.manners import open_manners
from tests.bff.http.world import World, codes

TEXT = "some words which come again and again. " * 100
ZIPPED = gzip.compress(b"{}", mtime=0)
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
    async with open_manners() as world:
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
    async with open_manners() as world:
        response, body = await raw(world, "gzip")
        assert "content-encoding" not in response.headers
        assert "vary" not in response.headers
        assert body == b'{"data":{"hello":"hello world"}}'


async def test_how_small_is_an_option() -> None:
    """And whether at all."""
    async with open_manners(compression={"min_size": 10}) as world:
        response, _ = await raw(world, "gzip")
        assert response.headers["content-encoding"] == "gzip"
    async with open_manners(compression=None) as world:
        world.gateway.result = Answer(data=TEXT)
        response, _ = await raw(world, "gzip")
        assert "content-encoding" not in response.headers


async def test_streams_are_never_compressed() -> None:
    """Each event must leave at once."""
    async with open_manners(compression={"min_size": 0}) as world:
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


def zipped(body: bytes) -> dict:
    return {"content": body, "headers": {"content-type": "application/json", "content-encoding": "gzip"}}


async def test_a_body_may_come_as_gzip() -> None:
    """Small and large."""
    async with open_manners() as world:
        for space in (b"", b" " * 500_000):
            sent = zipped(gzip.compress(b'{"query": "{ hello }"' + space + b"}"))
            answer = await world.client.post(f"{world.url}/graphql/web", **sent)
            assert answer.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    "body",
    [b"{}", b"", ZIPPED[:-3], ZIPPED + b"more", ZIPPED * 2, zlib.compress(b"{}")],
    ids=["plain", "empty", "cut off", "more", "two members", "deflate"],
)
async def test_a_body_that_is_no_gzip(body: bytes) -> None:
    """Nor nearly."""
    async with open_manners() as world:
        answer = await world.client.post(f"{world.url}/graphql/web", **zipped(body))
        assert (answer.status_code, codes(answer)) == (400, ["INVALID_ENCODING"])


async def test_a_bomb_is_not_unpacked() -> None:
    """200 MB in 200 KB: no more of it is made than a body may have."""
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    assert len(bomb) < 300_000
    async with open_manners(max_body_size=400_000) as world:
        tracemalloc.start()
        answer = await world.client.post(f"{world.url}/graphql/web", **zipped(bomb))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (answer.status_code, codes(answer)) == (413, ["BODY_TOO_LARGE"])
    assert "400000 bytes" in answer.text
    assert peak < 20_000_000


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "nonsense"])
async def test_other_codings(coding: str) -> None:
    """415 with what is read (RFC 9110, section 15.5.16)."""
    async with open_manners() as world:
        headers = {"content-type": "application/json", "content-encoding": coding}
        answer = await world.client.post(f"{world.url}/graphql/web", content=b"{}", headers=headers)
        assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_ENCODING"])
        assert answer.headers["accept-encoding"] == "gzip"
