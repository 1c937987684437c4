"""The content codings of a body (RFC 9110 section 8.4.1), undone in bounded steps. Used by `reading`.

gzip and deflate are Python's own; br and zstd need packages that may be absent.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol

PIECE: Final = 16_384
"""Encoded bytes that are handed to a decoder at once: what remains is copied each time."""
_MAX_CODINGS = 4
_MAX_MEMBERS, _LEAST_MEMBER = 64, 1024
"""Members of a gzip or zstd body: so many, and one more for so many bytes that came of them."""
_ZSTD_PIECE = 128
"""Bytes for zstd at once: each may hold some 40 blocks, of at most 128 kB, and its decoder has no limit of output."""
_ZSTD_WINDOW = 8 * 2**20
"""RFC 9659 section 3."""
_IDENTITY = frozenset(("", "identity", "none", "utf-8", "utf8", "7bit", "8bit", "binary", "aws-chunked"))
"""What leaves a body as it is; most of them are what servers write here by mistake."""
_GZIP_START = b"\x1f\x8b"
_PACKAGES = {"br": "brotli", "zstd": "zstandard"}
_EARLY = "it is compressed and ends too early"


class CodingError(Exception):
    """A body cannot be decoded. The text says why without repeating it."""


class Stage(Protocol):
    """Undoes one coding."""

    def push(self, data: bytes) -> None:
        """Take encoded bytes."""

    def pull(self, most: int) -> bytes:
        """The next decoded bytes, about `most` of them at most; nothing when more must be pushed first.

        Raises CodingError.
        """

    def finish(self) -> None:
        """The body ended. Raises CodingError where that was too early."""


def split_codings(value: str) -> tuple[str, ...]:
    """The codings of a Content-Encoding header in the order in which they were applied, without identity."""
    return tuple(name for each in value.split(",") if (name := each.strip().lower()) not in _IDENTITY)


def create_stage(codings: tuple[str, ...], limit: int) -> Stage:
    """What undoes these codings, with at most so many bytes between two. Raises CodingError for unknown ones."""
    if len(codings) > _MAX_CODINGS:
        raise CodingError(f"it has {len(codings)} content codings; {_MAX_CODINGS} are accepted")
    stages = [_create_stage(each) for each in reversed(codings)]
    return stages[0] if len(stages) == 1 else _Chain(stages, limit)


def _create_stage(coding: str) -> Stage:
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Deflated()
    if coding not in _PACKAGES:
        raise CodingError(f"its content coding {coding[:40]!r} is not known")
    try:
        module = import_module(_PACKAGES[coding])
    except ImportError:
        raise CodingError(f"its content coding is {coding}; install bff[compression] to read it") from None
    return _Brotli(module) if coding == "br" else _Zstandard(module)


class _Deflated:
    """gzip of one or more members (RFC 1952), zlib (RFC 1950), or raw deflate, which some servers send as deflate.

    What follows the last gzip member and is none is left out, as by other clients.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._inflate: Any = None
        self._is_gzip = self._is_full = False
        self._members = self._size = 0

    def push(self, data: bytes) -> None:
        self._rest += data

    def pull(self, most: int) -> bytes:
        while self._rest or self._is_full:
            if (self._inflate is None or self._inflate.eof) and not self._begin():
                return b""
            try:
                inflated: bytes = self._inflate.decompress(self._rest, most)
            except zlib.error as error:
                raise CodingError(f"it cannot be decompressed: {error}") from error
            self._rest = self._inflate.unconsumed_tail or self._inflate.unused_data
            self._is_full = len(inflated) == most and not self._inflate.eof
            self._size += len(inflated)
            if inflated:
                return inflated
        return b""

    def _begin(self) -> bool:
        """Whether a member, or other deflated data, begins."""
        if self._inflate is not None:
            self._rest = self._rest.lstrip(b"\0") if self._is_gzip else b""
            if self._rest and not _GZIP_START.startswith(self._rest[:2]):
                self._rest = b""
        if len(self._rest) < len(_GZIP_START):
            return False
        self._is_gzip = self._rest.startswith(_GZIP_START)
        self._members += 1
        if self._members > _MAX_MEMBERS + self._size // _LEAST_MEMBER:
            raise CodingError(f"it has {self._members} gzip members for {self._size} bytes")
        is_wrapped = self._rest[0] & 15 == 8 and not int.from_bytes(self._rest[:2], "big") % 31
        self._inflate = zlib.decompressobj(31 if self._is_gzip else 15 if is_wrapped else -15)
        return True

    def finish(self) -> None:
        if self._inflate is None or not self._inflate.eof:
            raise CodingError(_EARLY)


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self, module: Any) -> None:
        self._decoder = module.Decompressor()
        self._error = module.error
        self._rest = b""
        self._is_full = False

    def push(self, data: bytes) -> None:
        self._rest += data

    def pull(self, most: int) -> bytes:
        if not self._rest and not self._is_full:
            return b""
        data, self._rest = self._rest, b""
        try:
            if self._decoder.is_finished():
                return b""
            decoded: bytes = self._decoder.process(data, output_buffer_limit=most)
        except self._error as error:
            raise CodingError("it cannot be decompressed: it is not brotli") from error
        self._is_full = bool(decoded)
        return decoded

    def finish(self) -> None:
        if not self._decoder.is_finished():
            raise CodingError(_EARLY)


class _Zstandard:
    """Zstandard of one or more frames (RFC 8878)."""

    def __init__(self, module: Any) -> None:
        self._create: Callable[[], Any] = module.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj
        self._error = module.ZstdError
        self._frame = self._create()
        self._rest = b""
        self._frames, self._size = 1, 0

    def push(self, data: bytes) -> None:
        self._rest += data

    def pull(self, most: int) -> bytes:
        parts: list[bytes] = []
        rest, start = self._rest, 0
        while start < len(rest) and most > 0:
            if self._frame.eof:
                self._frame = self._create()
                self._frames += 1
                if self._frames > _MAX_MEMBERS + self._size // _LEAST_MEMBER:
                    raise CodingError(f"it has {self._frames} frames for {self._size} bytes")
            piece = rest[start : start + _ZSTD_PIECE]
            start += len(piece)
            try:
                decoded = self._frame.decompress(piece)
            except self._error as error:
                raise CodingError("it cannot be decompressed: it is not zstd") from error
            if self._frame.eof:
                start -= len(self._frame.unused_data)
            self._size += len(decoded)
            most -= len(decoded)
            parts.append(decoded)
        self._rest = rest[start:]
        return b"".join(parts)

    def finish(self) -> None:
        if not self._frame.eof:
            raise CodingError(_EARLY)


class _Chain:
    """Several codings, the last one applied undone first."""

    def __init__(self, stages: list[Stage], limit: int) -> None:
        self._stages = stages
        self._left = limit

    def push(self, data: bytes) -> None:
        self._stages[0].push(data)

    def pull(self, most: int) -> bytes:
        last = len(self._stages) - 1
        place = last
        while True:
            data = self._stages[place].pull(most if place == last else PIECE)
            if data and place == last:
                return data
            if data:
                self._left -= len(data)
                if self._left < 0:
                    raise CodingError("it is too large between its content codings")
                place += 1
                self._stages[place].push(data)
            elif place == 0:
                return b""
            else:
                place -= 1

    def finish(self) -> None:
        for stage in self._stages:
            stage.finish()
