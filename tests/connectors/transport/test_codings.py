"""Content codings, alone and stacked: what comes out, what is refused, and that nothing grows without bound."""

from __future__ import annotations

import gzip
import sys
import zlib

import brotli
import pytest
import zstandard

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamReplyTooLarge
from connectors.transport.codings import split_codings
from connectors.transport.reading import Body, CompressedBody, create_body

READ = Operation(upstream="shop", name="GET /")
TEXT = b'{"name": "caf\xc3\xa9"}' * 50


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


CODED = [
    ("gzip", gzip.compress(TEXT)),
    ("x-gzip", gzip.compress(TEXT)),
    ("GZip", gzip.compress(TEXT)),
    ("gzip", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:])),
    ("gzip", gzip.compress(TEXT) + bytes(700)),
    ("gzip", gzip.compress(TEXT) + b"<!-- cached -->"),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", raw_deflate(TEXT)),
    ("deflate", gzip.compress(TEXT)),
    ("br", brotli.compress(TEXT)),
    ("zstd", zstd(TEXT)),
    ("zstd", zstd(TEXT[:100]) + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstd(TEXT[100:])),
    ("gzip, br", brotli.compress(gzip.compress(TEXT))),
    ("br,gzip", gzip.compress(brotli.compress(TEXT))),
    ("deflate, gzip, zstd", zstd(gzip.compress(raw_deflate(TEXT)))),
    ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
    ("identity, gzip, identity", gzip.compress(TEXT)),
    ("identity", TEXT),
    ("", TEXT),
    ("none", TEXT),
    ("UTF-8", TEXT),
]


def body_of(coding: str, limit: int = 100_000, status: int = 200) -> Body:
    return create_body(READ, {"content-encoding": coding}, limit, status)


@pytest.mark.parametrize(("coding", "data"), CODED)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_codings_are_undone(coding: str, data: bytes, step: int) -> None:
    """However the body is cut."""
    body = body_of(coding)
    for start in range(0, len(data), step):
        body.add(data[start : start + step])
    assert body.join_chunks() == TEXT


@pytest.mark.parametrize(
    ("coding", "data"), [each for each in CODED if each[1] != TEXT and not each[1].endswith(b"\0")]
)
def test_a_body_that_ends_early_is_refused(coding: str, data: bytes) -> None:
    """Wherever it ends."""
    if data.endswith(b">"):
        return
    for size in {1, len(data) // 3, len(data) - 1}:
        body = body_of(coding)
        body.add(data[:size])
        with pytest.raises(UpstreamBadReply, match="ends too early"):
            body.join_chunks()


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "gzip, br", "x-klingon"])
def test_an_empty_body_needs_no_coding(coding: str) -> None:
    """As after HEAD, and from servers that say it all the same."""
    assert body_of(coding).join_chunks() == b""


@pytest.mark.parametrize(
    ("coding", "reason"),
    [
        ("x-klingon", "'x-klingon' is not known"),
        ("gzip, compress", "'compress' is not known"),
        ("gzip, gzip, gzip, gzip, gzip", "5 content codings"),
        ("gzip", "cannot be decompressed"),
        ("deflate", "cannot be decompressed"),
        ("br", "not brotli"),
        ("zstd", "not zstd"),
    ],
)
def test_what_cannot_be_undone_is_named(coding: str, reason: str) -> None:
    """In a good reply; a status of failure counts more than its body."""
    with pytest.raises(UpstreamBadReply, match=reason):
        body_of(coding).add(b'{"plain": "json"}')
    failed = body_of(coding, status=503)
    failed.add(b'{"plain": "json"}')
    failed.add(b"more")
    assert failed.join_chunks() == b""


@pytest.mark.parametrize(("coding", "package"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_package_is_named(coding: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra of the installation."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UpstreamBadReply, match=r"install bff\[compression\]"):
        body_of(coding).add(b"x")


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("deflate", raw_deflate(bytes(50_000_000))),
        ("br", brotli.compress(bytes(50_000_000), quality=5)),
        ("zstd", zstd(bytes(50_000_000))),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(50_000_000)))),
        ("gzip, br", brotli.compress(gzip.compress(bytes(50_000_000)), quality=5)),
    ],
)
async def test_a_bomb_is_refused(coding: str, data: bytes) -> None:
    """When it has grown over the limit."""
    body = CompressedBody(READ, 100_000, split_codings(coding))

    async def read() -> None:
        for start in range(0, len(data), 1000):
            body.add(data[start : start + 1000])
            await body.inflate()

    with pytest.raises(UpstreamReplyTooLarge):
        await read()


def test_what_is_between_codings_is_bounded() -> None:
    """A coding inside that makes nothing of much."""
    inside = (b"\x50\x2a\x4d\x18" + (400_000).to_bytes(4, "little") + bytes(400_000)) * 5  # frames to skip
    body = body_of("zstd, gzip")
    with pytest.raises(UpstreamBadReply, match="between"):
        body.add(gzip.compress(inside))


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br"])
async def test_large_bodies_of_all_codings(coding: str) -> None:
    """In slices."""
    value = b"0123456789" * 400_000
    data = gzip.compress(value) if coding == "gzip, br" else value
    packed = zstd(data) if coding == "zstd" else brotli.compress(data, quality=3)
    body = create_body(READ, {"content-encoding": coding}, 8_000_000)
    body.add(packed)
    assert isinstance(body, CompressedBody)
    await body.inflate()
    assert body.join_chunks() == value


def test_codings_are_split() -> None:
    """In their order, without identity."""
    assert split_codings(" gzip ,, BR, identity") == ("gzip", "br")
