"""A file on its way to an upstream: in pieces, as often as needed, by several at once."""

from __future__ import annotations

import asyncio
import io

import pytest

from connectors.files import PIECE, File

CONTENT = bytes(range(256)) * (PIECE // 100)


def file(content: bytes = CONTENT) -> File:
    return File(io.BytesIO(content), name="a.bin", content_type="application/x-a", size=len(content))


async def test_it_comes_in_pieces() -> None:
    """None of them larger than PIECE."""
    pieces = [piece async for piece in file().chunks()]
    assert b"".join(pieces) == CONTENT
    assert [len(piece) for piece in pieces[:-1]] == [PIECE] * (len(CONTENT) // PIECE)


async def test_it_is_read_as_often_as_needed() -> None:
    """Also by several calls at once, each from its beginning."""
    one = file()
    assert await asyncio.gather(*(one.read() for _ in range(5))) == [CONTENT] * 5
    assert await one.read() == CONTENT


async def test_an_empty_one() -> None:
    """Has no pieces."""
    assert [piece async for piece in file(b"").chunks()] == []
    assert await file(b"").read() == b""


async def test_after_its_request_it_cannot_be_read() -> None:
    """Whoever kept it is told."""
    stored = io.BytesIO(CONTENT)
    kept = File(stored, name="a.bin", content_type="x", size=len(CONTENT))
    stored.close()
    with pytest.raises(ValueError, match="closed file"):
        await kept.read()


def test_its_content_is_in_no_log() -> None:
    """Its name, type and size are."""
    assert repr(file(b"hunter2")) == "File('a.bin', application/x-a, 7 bytes)"
