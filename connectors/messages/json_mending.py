"""JSON in which single values cannot be read: an error stands in the place of each, and the others are there.

Used when decoding has failed. Such values are texts that are cut within a character or hold half a surrogate pair, the
literals NaN and Infinity, which Python and R write, and numbers that no float can hold.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from connectors.aio.cooperative import LARGE, yield_to_loop
from connectors.aio.threads import run_in_thread
from connectors.messages.json_numbers import parse_json
from connectors.messages.json_slices import Bounds, TooDeep, TooManyValues, decode_in_slices

MakeError = Callable[[str], Exception | str]
"""Takes the reason why a value cannot be read; gives what stands in its place."""
_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'  # the end is optional, so that a text is looked at once
    r"|-?Infinity\b|NaN\b"
    r"|-?\d++(?:\.\d++)?(?:[eE][+-]?\d++)?",
    re.DOTALL,
)
_NOT_UTF8 = re.compile("[\udc80-\udcff]+")
_ESCAPE = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_SHORT = 300
"""Characters of a number that a float can hold, if it has no exponent."""
_MAX_DIGITS = 4_000
"""Digits of an integer that Python reads."""
_REASONS: Final = {
    "b": "the text is not valid UTF-8, or is cut within a character",
    "s": "the text has half a surrogate pair",
    "n": "the value is NaN or Infinity, which JSON does not have",
    "r": "the number is out of range",
    "c": "the text has a character that XML does not allow",
}
_AT_ONCE = 10_000
UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError)
"""What decoders raise for JSON with such values."""


class Mended(NamedTuple):
    """JSON that can be read, with a mark in the place of each value that could not be."""

    body: bytes
    mark: str
    """Stands, with the letter of a reason, in each text that stands for a value; cannot be foreseen."""

    def place_errors(self, value: Any, make_error: MakeError) -> Any:
        """The value that was decoded from `body`, or from a part of it, with errors instead of marks.

        Raises the error where the value is a mark itself.
        """
        holder = [value]
        for _ in _place_errors(holder, self.mark, make_error):
            pass
        return _raise_error(holder[0])

    def write_replacements(self) -> bytes:
        """The body with U+FFFD, the replacement character, instead of marks."""
        return re.sub(b"%b." % self.mark.encode(), "\ufffd".encode(), self.body)

    async def place_in_slices(self, value: Any, make_error: MakeError) -> Any:
        """As `place_errors`; other tasks run meanwhile."""
        holder = [value]
        for _ in _place_errors(holder, self.mark, make_error):
            await yield_to_loop()
        return _raise_error(holder[0])


def _raise_error(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


def parse_with_errors(body: bytes, make_error: MakeError, unreadable: Exception) -> Any:
    """As `parse_json`, with an error in the place of each such value. Raises `unreadable` where that does not help."""
    mended = mend_json(body)
    if mended is None:
        raise unreadable
    try:
        return mended.place_errors(parse_json(mended.body), make_error)
    except UNREADABLE:
        raise unreadable from None


async def decode_with_errors(body: bytes, bounds: Bounds, make_error: MakeError, unreadable: Exception) -> Any:
    """As `parse_with_errors`; other tasks run while a large text is decoded."""
    mended = await mend_in_thread(body)
    if mended is None:
        raise unreadable
    try:
        value = await decode_in_slices(mended.body, bounds)
    except (*UNREADABLE, TooDeep, TooManyValues):
        raise unreadable from None
    return await mended.place_in_slices(value, make_error)


async def mend_in_thread(body: bytes) -> Mended | None:
    """As `mend_json`; other tasks run while a large text is mended."""
    return mend_json(body) if len(body) <= LARGE else await run_in_thread(mend_json, body)


def keep_structure(body: bytes) -> bytes | None:
    """JSON that can be taken apart: what cannot be read is a text that is not UTF-8, for the decoder of its part.

    None where nothing of that kind is in it.
    """
    mended = mend_json(body) if len(body) <= LARGE else None
    if mended is None:
        return None
    return re.sub(b"%b." % mended.mark.encode(), b"\xff", mended.body)


def mend_json(body: bytes) -> Mended | None:
    """The same JSON with marks; None where nothing of that kind is in it."""
    mark, count = secrets.token_hex(8), 0

    def replace(found: re.Match[str]) -> str:
        nonlocal count
        token = found[0]
        if token[0] == '"':
            if "\\u" not in token:
                return token
            mended = _ESCAPE.sub(lambda each: f"{mark}s" if each[2] else each[0], token)
            count += mended != token
            return mended
        reason = _find_reason(token)
        count += reason is not None
        return token if reason is None else f'"{mark}{reason}"'

    text, count = _NOT_UTF8.subn(f"{mark}b", body.decode("utf-8", "surrogateescape"))
    text = _TOKEN.sub(replace, text)
    return Mended(text.encode(), mark) if count else None


def _find_reason(token: str) -> str | None:
    """Why a literal or number cannot be a value."""
    if token[-1] in "Ny":
        return "n"
    if token.lstrip("-").isdigit():
        return "r" if len(token) > _MAX_DIGITS else None
    is_short = len(token) <= _SHORT and "e" not in token and "E" not in token
    return None if is_short or not math.isinf(float(token)) else "r"


def _place_errors(holder: list[Any], mark: str, make_error: MakeError) -> Iterator[None]:
    """Put errors into the containers, all that are in `holder`. Yields after some thousand values."""
    waiting: list[dict[Any, Any] | list[Any]] = [holder]
    left = _AT_ONCE
    while waiting:
        container: Any = waiting.pop()
        if type(container) is dict:
            for name in [name for name in container if mark in name]:
                container[re.sub(mark + ".", "\ufffd", name)] = container.pop(name)
        for key, value in container.items() if type(container) is dict else enumerate(container):
            if type(value) is dict or type(value) is list:
                waiting.append(value)
            elif type(value) is str and mark in value:
                container[key] = make_error(_REASONS[value[value.index(mark) + len(mark)]])
            left -= 1
            if not left:
                left = _AT_ONCE
                yield
