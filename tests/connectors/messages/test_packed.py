"""Messages that their sender packed."""

from __future__ import annotations

import gzip
import zlib

import pytest

from connectors.messages.packed import NotUnpacked, is_packed, unpack

TEXT = b'{"sym": "a"}' * 50_000


def deflate(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("body", "is_known"),
    [
        (gzip.compress(TEXT), True),
        (gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]), True),
        (zlib.compress(TEXT), True),
        (zlib.compress(TEXT, 9, 12), True),
        (deflate(TEXT), False),
    ],
    ids=["gzip", "two members", "zlib", "zlib with a small window", "raw"],
)
async def test_what_is_packed(body: bytes, is_known: bool) -> None:
    """gzip and zlib are known by their first bytes, raw deflate is tried."""
    assert is_packed(body) == is_known
    assert await unpack(body, len(TEXT)) == TEXT


@pytest.mark.parametrize("body", [b"80", b"8", b"", b"null", b'"x"', b"[1]", b"\x1f"])
def test_json_is_not_packed(body: bytes) -> None:
    """Even where its bytes have the checksum of a header: 80."""
    assert not is_packed(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(TEXT)[:-9], "cut off"),
        (gzip.compress(TEXT)[:40] + b"\0" * 20, "damaged|cut off"),
        (gzip.compress(TEXT) + b"more", "damaged"),
        (zlib.compress(TEXT) + b"more", "followed by other bytes"),
        (gzip.compress(b"") * 100_000, "too many parts"),
        (gzip.compress(TEXT + b" "), "larger than max_reply_size, 600000 bytes"),
        (b"\xff\xfe\x00", "damaged"),
    ],
)
async def test_what_cannot_be_unpacked(body: bytes, reason: str) -> None:
    """Damaged, cut off, or too large: no more is unpacked than the bound."""
    with pytest.raises(NotUnpacked, match=reason):
        await unpack(body, len(TEXT))
