"""Answers made smaller for the wire (RFC 9110, section 12.5.3). Called for every whole response, never for streams.

gzip is always there; br and zstd come with the extra `compression`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from bff.http.responses.negotiate import q_of

OFF_LOOP = 64 * 1024
"""Bytes from which compressing is done in a thread: here it takes as long as answering many small requests."""
_GZIP = 31
"""zlib's window bits for the gzip format."""

Compress = Callable[[bytes], bytes]


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, 5, wbits=_GZIP)


def _brotli(module: Any) -> Compress:
    return lambda body: module.compress(body, quality=4)


def _zstd(module: Any) -> Compress:
    return lambda body: module.ZstdCompressor(level=3).compress(body)  # one compressor is for one thread


def _found() -> Mapping[str, Compress]:
    """What can be offered, best first: at these levels zstd is the fastest and br the smallest."""
    found: dict[str, Compress] = {}
    for coding, module, make in (("zstd", "zstandard", _zstd), ("br", "brotli", _brotli)):
        try:
            found[coding] = make(import_module(module))
        except ImportError:
            continue
    return {**found, "gzip": _gzip}


CODINGS = _found()


class Compression:
    """Compresses what is larger than `above` bytes."""

    def __init__(self, above: int) -> None:
        self._above = above

    def fits(self, size: int) -> bool:
        """Whether a body of this size is compressed for those who accept it."""
        return size > self._above

    def choose(self, accept_encoding: str | None, size: int) -> str | None:
        """The coding for a body of `size` bytes; None to leave it as it is."""
        return _chosen(accept_encoding[:1000]) if accept_encoding and self.fits(size) else None

    async def compress(self, coding: str, body: bytes) -> bytes:
        """The body in this coding."""
        if len(body) < OFF_LOOP:
            return CODINGS[coding](body)
        return await asyncio.to_thread(CODINGS[coding], body)


@lru_cache(maxsize=256)
def _chosen(accept_encoding: str) -> str | None:
    """The offered coding with the highest q-value, unless the body as it is was given a higher one."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights.setdefault("gzip" if name == "x-gzip" else name, q_of(parameters))
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None
