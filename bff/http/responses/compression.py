"""Compressed responses (RFC 9110, section 12.5.3). Called for every whole response, never for streams.

gzip is always available; br and zstd come with the extra `compression`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from bff.http.responses.negotiate import read_q

OFF_LOOP = 64 * 1024
"""Bytes from which a body is compressed in a thread: on the event loop it would take as long as many small requests."""
_GZIP = 31
"""zlib's window bits for the gzip format."""

Compress = Callable[[bytes], bytes]


def _compress_gzip(body: bytes) -> bytes:
    return zlib.compress(body, 5, wbits=_GZIP)


def _make_brotli(module: Any) -> Compress:
    return lambda body: module.compress(body, quality=4)


def _make_zstd(module: Any) -> Compress:
    return lambda body: module.ZstdCompressor(level=3).compress(body)  # one compressor is for one thread


def _load_codings() -> Mapping[str, Compress]:
    """The codings that are installed, best first: at these levels zstd is the fastest and br the smallest."""
    codings: dict[str, Compress] = {}
    for coding, module, make in (("zstd", "zstandard", _make_zstd), ("br", "brotli", _make_brotli)):
        try:
            codings[coding] = make(import_module(module))
        except ImportError:
            continue
    return {**codings, "gzip": _compress_gzip}


CODINGS = _load_codings()


class Compression:
    """Compresses bodies of more than `above` bytes."""

    def __init__(self, above: int) -> None:
        self._above = above

    def fits(self, size: int) -> bool:
        """Whether a body of this size is compressed for clients that accept it."""
        return size > self._above

    def choose(self, accept_encoding: str | None, size: int) -> str | None:
        """The coding for a body of `size` bytes; None to leave it as it is."""
        return _choose_coding(accept_encoding[:1000]) if accept_encoding and self.fits(size) else None

    async def compress(self, coding: str, body: bytes) -> bytes:
        """The body in this coding."""
        if len(body) < OFF_LOOP:
            return CODINGS[coding](body)
        return await asyncio.to_thread(CODINGS[coding], body)


@lru_cache(maxsize=256)
def _choose_coding(accept_encoding: str) -> str | None:
    """The offered coding with the highest q-value, unless `identity` has a higher one."""
    weights: dict[str, float] = {}
    for part in accept_encoding.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weights.setdefault("gzip" if name == "x-gzip" else name, read_q(parameters))
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None
