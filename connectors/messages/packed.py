"""Messages that their sender packed: gzip and zlib by their first bytes, else raw deflate. Used by `documents`."""

from __future__ import annotations

import zlib
from typing import Final

from connectors.aio.cooperative import yield_to_loop

_SLICE: Final = 131_072
"""Bytes that are unpacked in one go: about a quarter of a millisecond."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""Windows, as zlib writes them (RFC 1952, RFC 1950, RFC 1951)."""
_ZLIB_FIRST: Final = b"\x48\x58\x68\x78"


class NotUnpacked(ValueError):
    """A packed message that is damaged, or larger than it may be."""


def is_packed(body: bytes) -> bool:
    """Whether a message begins like gzip or zlib; no JSON does."""
    if body[:2] == b"\x1f\x8b":
        return True
    return len(body) > 2 and body[0] in _ZLIB_FIRST and not int.from_bytes(body[:2]) % 31


async def unpack(body: bytes, max_size: int) -> bytes:
    """A message that `is_packed`, or raw deflate, unpacked. Other tasks run meanwhile. Raises NotUnpacked."""
    window = _GZIP if body[:1] == b"\x1f" else _ZLIB if is_packed(body) else _RAW
    parts: list[bytes] = []
    size = 0
    while body:
        inflater = zlib.decompressobj(window)
        while not inflater.eof:
            try:
                part = inflater.decompress(body, _SLICE)
            except zlib.error as error:
                raise NotUnpacked("packed, and damaged") from error
            body = inflater.unconsumed_tail
            if not part and not body and not inflater.eof:
                raise NotUnpacked("packed, and cut off")
            size += len(part)
            if size > max_size:
                raise NotUnpacked(f"larger than max_reply_size, {max_size} bytes, when unpacked")
            parts.append(part)
            if len(part) == _SLICE:
                await yield_to_loop()
        body = inflater.unused_data
        if body and window != _GZIP:
            raise NotUnpacked("followed by other bytes")  # only gzip has several members
    return b"".join(parts)
