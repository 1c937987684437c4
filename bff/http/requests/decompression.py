"""Request bodies that come compressed (RFC 9110, section 8.4). Called where a body is read.

Only gzip, in one member, and never to more bytes than a body may have: a bomb is not unpacked.
"""

from __future__ import annotations

import asyncio
import zlib

from bff.contract import Refused
from bff.http.errors import Problem

OFF_LOOP = 64 * 1024
"""Bytes from which a body is decompressed in a thread."""
_GZIP = 31
"""zlib's window bits for the gzip format."""


def check_coding(coding: str | None) -> bool:
    """Whether a body with this Content-Encoding is to be decoded. Raises Refused for one that cannot be."""
    if coding is None or (name := coding.strip().lower()) in ("", "identity"):
        return False
    if name not in ("gzip", "x-gzip"):
        raise Problem.UNSUPPORTED_ENCODING.refused(
            f"The request body is {coding[:40]!a}; send it as it is, or with Content-Encoding: gzip.",
            accept_encoding="gzip",
        )
    return True


async def decoded(body: bytes, most: int) -> bytes:
    """The body unpacked. Raises Refused when that is more than `most` bytes, or when it is no gzip."""
    return _unpacked(body, most) if len(body) < OFF_LOOP else await asyncio.to_thread(_unpacked, body, most)


def _unpacked(body: bytes, most: int) -> bytes:
    unpack = zlib.decompressobj(wbits=_GZIP)
    try:
        whole = unpack.decompress(body, most + 1)
    except zlib.error as error:
        raise _broken() from error
    if len(whole) > most:
        raise Problem.BODY_TOO_LARGE.refused(
            f"The request body, unpacked, is larger than the {most} bytes allowed here."
        )
    if not unpack.eof or unpack.unused_data:
        raise _broken()
    return whole


def _broken() -> Refused:
    return Problem.INVALID_ENCODING.refused(
        "The request body says Content-Encoding: gzip and is not one whole gzip member."
    )
