"""Messages as JSON text, for connectors whose protocol says nothing about what is in a message."""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import Any

import msgspec

from connectors.aio.cooperative import LARGE
from connectors.contract import Operation
from connectors.errors import DefinitionError, UpstreamError
from connectors.messages.json_mending import MakeError, decode_with_errors
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices

_ROUNDS = 8
"""Levels that are taken away one by one, which suffices for most JSON; the others are counted bracket by bracket."""
_STEPS = bytes.maketrans(b"[]", b"\x01\xff")
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class NotJson(ValueError):
    """A message that is not JSON, or more of it than is accepted."""

    is_bound = False
    """Whether a bound is exceeded, whatever else is in it."""


class _TooMuchJson(NotJson):
    is_bound = True


def is_deeper(body: bytes, max_depth: int) -> bool:
    """Whether JSON has more than `max_depth` objects and lists inside of one another.

    Nothing here is done per item in Python: a fraction of what decoding takes. Brackets in texts count as such where
    they come in pairs; then a text may hide some depth, which decoders still bound, but no depth is made up.
    """
    if len(body) <= 2 * max_depth:
        return False
    return _is_deeper(body, max_depth) and (b'"' not in body or _is_deeper(_without_texts(body), max_depth))


def _is_deeper(body: bytes, max_depth: int) -> bool:
    brackets, left = body.translate(_SQUARE, _NOT_BRACKETS), max_depth
    for _ in range(min(_ROUNDS, max_depth)):
        if len(brackets) <= 2:
            return False
        inner = brackets.replace(b"[]", b"")  # takes the innermost level away, everywhere
        if len(inner) == len(brackets):
            return True
        brackets, left = inner, left - 1
    if not brackets:
        return False
    depths = [*accumulate(array("b", brackets.translate(_STEPS)))]
    return max(depths) > left or min(depths) < 0 or depths[-1] != 0


def _without_texts(body: bytes) -> bytes:
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    return b"".join(plain.split(b'"')[::2])


def encode_json(operation: Operation, data: Any) -> bytes:
    """Data as JSON. Raises DefinitionError for what cannot be written as JSON."""
    try:
        return msgspec.json.encode(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError(
            f"{operation.upstream}: {operation.name}: the message cannot be written as JSON: {error}"
        ) from error


def decode_json(text: str | bytes, max_depth: int) -> Any:
    """JSON as plain Python; empty text is None. Raises NotJson, also for what is nested more deeply than this."""
    if is_deeper(text if isinstance(text, bytes) else text.encode("utf-8", "replace"), max_depth):
        raise _TooMuchJson(f"expected JSON of at most {max_depth} levels")
    try:
        return parse_json(text) if text else None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotJson(f"expected JSON, got {len(text)} characters of something else") from error


async def decode_json_in_slices(text: str | bytes, bounds: Bounds, create_error: MakeError | None = None) -> Any:
    """As `decode_json`; other tasks run while a large text is decoded. Raises NotJson also beyond the bounds.

    With `create_error`, a value that cannot be read has an error in its place, and the others are there.
    """
    try:
        if len(text) <= LARGE:
            return decode_json(text, bounds.depth)
        return await _decode_large(text, bounds)
    except NotJson as error:
        if create_error is None or error.is_bound:
            raise
        try:
            return await decode_with_errors(_encode(text), bounds, create_error, error)
        except UpstreamError:
            raise error from None


def _encode(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


async def _decode_large(text: str | bytes, bounds: Bounds) -> Any:
    try:
        return await decode_in_slices(_encode(text), bounds)
    except (TooDeep, TooManyValues) as error:
        raise _TooMuchJson(f"expected less JSON: {error}") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotJson(f"expected JSON, got {len(text)} characters of something else") from error
