"""Messages as JSON text, for connectors whose protocol says nothing about what is in a message."""

from __future__ import annotations

from typing import Any

import msgspec

from connectors.contract import Operation
from connectors.errors import DefinitionError

_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class NotJson(ValueError):
    """A message that is not JSON."""


def is_deeper(body: bytes, max_depth: int) -> bool:
    """Whether JSON has more than `max_depth` objects and lists inside of one another.

    Nothing here is done per item in Python: a fraction of what decoding takes. Brackets in texts count as such where
    they come in pairs; then a text may hide some depth, which decoders still bound, but no depth is made up.
    """
    if len(body) <= 2 * max_depth:
        return False
    return _is_deeper(body, max_depth) and (b'"' not in body or _is_deeper(_without_texts(body), max_depth))


def _is_deeper(body: bytes, max_depth: int) -> bool:
    brackets, too_many = body.translate(_SQUARE, _NOT_BRACKETS), b"[" * (max_depth + 1)
    for _ in range(max_depth):
        if len(brackets) <= 2 or too_many in brackets:
            return len(brackets) > 2
        inner = brackets.replace(b"[]", b"")  # takes the innermost level away, everywhere
        if len(inner) == len(brackets):
            break
        brackets = inner
    return bool(brackets)


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
        raise NotJson(f"expected JSON of at most {max_depth} levels")
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotJson(f"expected JSON, got {len(text)} characters of something else") from error
