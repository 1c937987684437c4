"""A large JSON text decoded in slices of bounded work, whatever its form: deep, wide, dense, or one huge object.

The text is cut after commas that stand outside of strings, about every 32 kB. Each piece is decoded as a document of
its own: containers that are open at its beginning are opened again, those open at its end are closed. What it holds is
merged into what came before. Every byte is looked at a fixed number of times, so the work is linear in the size.
"""

from __future__ import annotations

import re
import secrets
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import msgspec

from connectors.aio.cooperative import yield_to_loop
from connectors.messages.json_numbers import parse_json

_WINDOW: Final = 32_768
"""Bytes that are looked at, and at least decoded, in one go."""
_BUDGET: Final = 0.001
"""Seconds of work after which other tasks run."""
_ROUNDS: Final = 8
"""Nesting that is taken out of a piece by replacing, before the rest is gone through bracket by bracket."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")
_LIST: Final = ord("[")
_OPEN = {ord("["): ord("]"), ord("{"): ord("}")}
_BEGINS_BADLY = re.compile(rb"[ \t\r\n]*[\]},]")
_SPACE = b" \t\r\n"


class TooDeep(ValueError):
    """JSON with more levels than are accepted."""


class TooManyValues(ValueError):
    """JSON with more values than are accepted."""


@dataclass(slots=True)
class Bounds:
    """What a JSON text may hold."""

    depth: int
    values: int | None = None
    """A list or an object counts as two."""


async def decode_in_slices(body: bytes, bounds: Bounds) -> Any:
    """JSON as plain Python; other tasks run between the slices.

    Raises TooDeep, TooManyValues, and what msgspec raises.
    """
    pieces = _Pieces(body, bounds)
    merged = _Merged()
    since = time.perf_counter()
    for piece in pieces:
        if piece is not None:
            merged.add(piece)
        if time.perf_counter() - since > _BUDGET:
            await yield_to_loop()
            since = time.perf_counter()
    return merged.value


@dataclass(slots=True)
class _Piece:
    text: bytes
    """What stands between two cuts, without the comma at its end."""
    before: bytes
    """The containers that are open at its beginning, from the outermost: `[` and `{`."""
    after: bytes
    """Those that are open at its end."""
    common: int
    """How many of those that were open at its beginning were open all the time."""


class _Pieces:
    """Cuts a text. Gives None where a window has no place to cut, so that the caller may yield there."""

    def __init__(self, body: bytes, bounds: Bounds) -> None:
        self._body = body
        self._bounds = bounds
        self._values = 0
        self._open = bytearray()
        self._common = 0

    def __iter__(self) -> Iterator[_Piece | None]:
        body, size = self._body, len(self._body)
        start = position = 0
        in_string = False
        before = b""
        while position < size:
            window = body[position : position + _WINDOW]
            if b"\\" in window:
                window = _mask_escapes(window, is_last=position + len(window) == size)
            parts = window.split(b'"')
            is_last = position + len(window) == size
            cut = None if is_last else _find_cut(window, parts, in_string=in_string)
            if cut is None:
                self._count(parts[1 if in_string else 0 :: 2])
                in_string ^= not len(parts) % 2
                position += len(window)
                if position < size:
                    yield None
                    continue
                cut_at, text = size, body[start:]
            else:
                self._count(_outside(window[:cut], in_string=in_string))
                cut_at, in_string = position + cut, False
                text = body[start : cut_at - 1]
            if start and _BEGINS_BADLY.match(text):
                raise msgspec.DecodeError(f"JSON is malformed: expected a value (byte {start})")
            if cut is not None and (not self._open or text.rstrip(_SPACE)[-1:] in b"[{,:"):
                raise msgspec.DecodeError(f"JSON is malformed: expected a value (byte {cut_at - 1})")
            after = bytes(self._open)
            yield _Piece(text, before, after, self._common)
            start = position = cut_at
            before, self._common = after, len(after)
        if self._open or in_string or not size:
            raise msgspec.DecodeError("Input data was truncated")

    def _count(self, parts: list[bytes]) -> None:
        """Take note of what stands outside of strings."""
        outside = b"".join(parts)
        brackets = outside.translate(None, _NOT_BRACKETS)
        self._values += outside.count(b",") + len(brackets)
        most = self._bounds.values
        if most is not None and self._values > most:
            raise TooManyValues(f"it has more than {most} values")
        if brackets:
            self._walk(brackets)

    def _walk(self, brackets: bytes) -> None:
        depths = array("b", brackets.translate(_STEPS))
        if len(self._open) + max(accumulate(depths)) > self._bounds.depth:
            raise TooDeep(f"it has more than {self._bounds.depth} levels")
        for _ in range(_ROUNDS):
            shorter = brackets.replace(b"[]", b"").replace(b"{}", b"")
            if len(shorter) == len(brackets):
                break
            brackets = shorter
        stack = self._open
        for bracket in brackets:
            if bracket in _OPEN:
                stack.append(bracket)
            elif not stack or _OPEN[stack.pop()] != bracket:
                raise msgspec.DecodeError("JSON is malformed: a bracket is closed that was not opened")
            elif len(stack) < self._common:
                self._common = len(stack)


class _Merged:
    """The value of the pieces so far."""

    def __init__(self) -> None:
        self.value: Any = None
        self._spine: list[Any] = []
        """The containers that are open."""
        self._name, self._mark = secrets.token_hex(8), secrets.token_hex(8)
        """Stand for the name of a member whose value goes on, and for what is to follow; cannot be foreseen."""

    def add(self, piece: _Piece) -> None:
        """Take the next piece. Raises what msgspec raises."""
        before, after, common = piece.before, piece.after, piece.common
        decoded = parse_json(self._complete(piece))
        levels = self._list_levels(decoded, before)[:common]
        if not levels and after:
            levels = [decoded]
        opened = _find_open(levels[-1], after[len(levels) :], self._mark) if after else []
        if opened is None:
            raise msgspec.DecodeError("JSON is malformed")
        if self._spine:
            self._merge(decoded)
        else:
            self.value = decoded
        self._spine = [*(self._spine[:common] or levels), *opened]

    def _complete(self, piece: _Piece) -> bytes:
        """The piece as a document, with a mark where the next one goes on."""
        opened = b"".join([b"[" if each == _LIST else b'{"%b":' % self._name.encode() for each in piece.before[:-1]])
        closed = b"".join([b"]" if each == _LIST else b"}" for each in reversed(piece.after)])
        mark = b""
        if piece.after:
            mark = (b',"%b"' if piece.after[-1] == _LIST else b',"%b":0') % self._mark.encode()
        return b"".join((opened, piece.before[-1:], piece.text, mark, closed))

    def _list_levels(self, decoded: Any, before: bytes) -> list[Any]:
        """What a piece has for each of the containers that were open at its beginning."""
        levels = [decoded]
        for bracket in before[:-1]:
            levels.append(levels[-1][0] if bracket == _LIST else levels[-1][self._name])
        return levels if before else []

    def _merge(self, decoded: Any) -> None:
        """Put a piece into the containers that were open."""
        innermost = len(self._spine) - 1
        for depth, container in enumerate(self._spine):
            inner = None
            if isinstance(container, list):
                if depth < innermost:
                    inner = decoded[0]
                    container += decoded[1:]
                else:
                    container += decoded
            else:
                if depth < innermost:
                    inner = decoded.pop(self._name)
                container.update(decoded)
            decoded = inner


def _find_open(container: Any, brackets: bytes, mark: str) -> list[Any] | None:
    """The open containers inside of this one, of which the innermost has the mark, which is removed.

    In an object, the last member is the open one, unless its name has come before.
    """
    if not brackets:
        is_found = container[-1:] == [mark] if isinstance(container, list) else mark in container
        if is_found:
            del container[-1 if isinstance(container, list) else mark]
        return [] if is_found else None
    kind = list if brackets[0] == _LIST else dict
    for child in container[-1:] if isinstance(container, list) else reversed(container.values()):
        inside = _find_open(child, brackets[1:], mark) if isinstance(child, kind) else None
        if inside is not None:
            return [child, *inside]
    return None


def _mask_escapes(window: bytes, *, is_last: bool) -> bytes:
    """Of the same length, without escaped quotes; shorter by a backslash that escapes what comes after the window."""
    masked = window.replace(b"\\\\", b"__").replace(b'\\"', b"__")
    return masked if is_last or masked[-1:] != b"\\" else masked[:-1]


def _find_cut(window: bytes, parts: list[bytes], *, in_string: bool) -> int | None:
    """The place after the last comma outside of strings."""
    end = len(window)
    is_outside = in_string == (len(parts) % 2 == 0)
    for part in reversed(parts):
        if is_outside and (comma := part.rfind(b",")) >= 0:
            return end - len(part) + comma + 1
        end -= len(part) + 1
        is_outside = not is_outside
    return None


def _outside(window: bytes, *, in_string: bool) -> list[bytes]:
    return window.split(b'"')[1 if in_string else 0 :: 2]
