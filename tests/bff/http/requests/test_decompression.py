"""Request bodies that come as gzip, and those that only look so."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from tests.bff.http.frontends import open_frontends
from tests.bff.http.world import codes

ZIPPED = gzip.compress(b"{}", mtime=0)


def zipped(body: bytes) -> dict:
    return {"content": body, "headers": {"content-type": "application/json", "content-encoding": "gzip"}}


async def test_a_body_may_come_as_gzip() -> None:
    """Small and large."""
    async with open_frontends() as world:
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
    async with open_frontends() as world:
        answer = await world.client.post(f"{world.url}/graphql/web", **zipped(body))
        assert (answer.status_code, codes(answer)) == (400, ["INVALID_ENCODING"])


async def test_a_bomb_is_not_unpacked() -> None:
    """200 MB in 200 KB: no more of it is made than a body may have."""
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    assert len(bomb) < 300_000
    async with open_frontends(max_body_size=400_000) as world:
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
    async with open_frontends() as world:
        headers = {"content-type": "application/json", "content-encoding": coding}
        answer = await world.client.post(f"{world.url}/graphql/web", content=b"{}", headers=headers)
        assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_ENCODING"])
        assert answer.headers["accept-encoding"] == "gzip"
