"""Messages that their sender packed: gzip and zlib by their first bytes, else raw deflate. Used by `documents`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

from connectors.aio.cooperative import yield_to_loop

_WINDOW: Final = 32_768
"""Packed bytes that are looked at in one go."""
_MAX_MEMBERS: Final = 16
"""Parts of one gzip message: empty ones would be endless work."""
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
    place = size = members = 0
    while place < len(body):
        members += 1
        if members > (_MAX_MEMBERS if window == _GZIP else 1):
            raise NotUnpacked("packed in too many parts, or followed by other bytes")
        inflater = zlib.decompressobj(window)
        while not inflater.eof:
            piece = body[place : place + _WINDOW]
            place += len(piece)
            before = size
            for part in _inflate(inflater, piece):
                parts.append(part)
                size += len(part)
                if size > max_size:
                    raise NotUnpacked(f"larger than max_reply_size, {max_size} bytes, when unpacked")
                await yield_to_loop()
            if not piece and size == before and not inflater.eof:
                raise NotUnpacked("packed, and cut off")
        place -= len(inflater.unused_data)
    return b"".join(parts)


def _inflate(inflater: _Inflater, piece: bytes) -> Iterator[bytes]:
    """What a piece unpacks to, in slices. Raises NotUnpacked."""
    try:
        while part := inflater.decompress(piece, _SLICE):
            yield part
            piece = inflater.unconsumed_tail
    except zlib.error as error:
        raise NotUnpacked("packed, and damaged") from error


class _Inflater(Protocol):
    """What `zlib.decompressobj` returns."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What was not used up because of `max_length`."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most so many bytes of what the data unpacks to."""
