"""Compressed request bodies (RFC 9110, section 8.4). Called by `body`.

Only gzip with one member, and never to more bytes than a body may have: a decompression bomb stops at the limit.
"""

from __future__ import annotations

import asyncio
import zlib

from bff.contract import Problem, Refused

OFF_LOOP = 64 * 1024
"""Bytes from which a body is decompressed in a thread."""
_GZIP = 31
"""zlib's window bits for the gzip format."""


def check_coding(coding: str | None) -> bool:
    """Whether a body with this Content-Encoding has to be decoded. Raises Refused if it cannot be."""
    if coding is None or (name := coding.strip().lower()) in ("", "identity"):
        return False
    if name not in ("gzip", "x-gzip"):
        raise Problem.UNSUPPORTED_ENCODING.refusal(
            f"The request body has Content-Encoding: {coding[:40]!a}; send it uncompressed or as gzip.",
            accept_encoding="gzip",
        )
    return True


async def decompress(body: bytes, max_bytes: int) -> bytes:
    """The decoded body. Raises Refused if it has more than `max_bytes`, or is not gzip."""
    return (
        _decompress_now(body, max_bytes)
        if len(body) < OFF_LOOP
        else await asyncio.to_thread(_decompress_now, body, max_bytes)
    )


def _decompress_now(body: bytes, max_bytes: int) -> bytes:
    decoder = zlib.decompressobj(wbits=_GZIP)
    try:
        whole = decoder.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise _broken() from error
    if len(whole) > max_bytes:
        raise Problem.BODY_TOO_LARGE.refusal(
            f"The request body, decompressed, is larger than the {max_bytes} bytes allowed here."
        )
    if not decoder.eof or decoder.unused_data:
        raise _broken()
    return whole


def _broken() -> Refused:
    return Problem.INVALID_ENCODING.refusal(
        "The request body has Content-Encoding: gzip but is not one complete gzip member."
    )
