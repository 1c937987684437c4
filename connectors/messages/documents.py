"""The JSON documents of one message: usually one; several in lines (NDJSON), in a row, or after RS (RFC 7464).

Messages that are packed are unpacked. What cannot be read is counted, and the rest is there all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.aio.cooperative import LARGE, yield_to_loop
from connectors.messages.json_mending import MakeError
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices, is_deeper
from connectors.messages.packed import NotUnpacked, is_packed, unpack

_scan = json.JSONDecoder().raw_decode
_SPACE: Final = re.compile(r"[ \t\r\n\x1e\ufeff]*")
_BREAK: Final = re.compile(r"[\n\x1e]")
_RESCANS: Final = 2
"""How many times the size of a message may be looked at in vain."""
_YIELD: Final = 64
"""Documents of one message after which other tasks run."""
_SAMPLE: Final = 48
_JSON_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", ""})


@dataclass(slots=True)
class Documents:
    """What one message holds."""

    values: list[Any] = field(default_factory=list)
    unread: int = 0
    """How many parts cannot be read."""
    reason: str = ""
    """Why the first of them cannot."""


async def decode_documents(
    message: str | bytes, bounds: Bounds, max_size: int, charset: str = "", create_error: MakeError | None = None
) -> Documents:
    """Decode a message. One without content is one value, None. Other tasks run while a large one is decoded.

    With `create_error`, a value that cannot be read has an error in its place, and the others are there.
    `charset` is what the sender declares; JSON in UTF-16 and UTF-32 is known without (RFC 4627 section 3).
    """
    if charset and not _is_known(charset):
        charset = ""
    try:
        if charset.lower() not in _JSON_CHARSETS and isinstance(message, bytes) and not is_packed(message):
            message = message.decode(charset)
        return Documents([await decode_json_in_slices(message, bounds, create_error)])
    except (NotJson, UnicodeError) as error:
        reason = str(error) if isinstance(error, NotJson) else f"not in the charset {charset[:20]}"
    if isinstance(message, bytes):
        try:
            text = await _decode_bytes(message, max_size, charset)
        except (NotUnpacked, UnicodeError) as error:
            return Documents([], 1, str(error) if isinstance(error, NotUnpacked) else reason)
        try:
            return Documents([await decode_json_in_slices(text, bounds, create_error)])
        except NotJson as error:
            reason, message = str(error), text
    return await _decode_several(message, bounds, reason, create_error)


def _is_known(charset: str) -> bool:
    try:
        "".encode(charset)
    except LookupError:  # also for those of bytes, such as hex
        return False
    return True


async def _decode_bytes(message: bytes, max_size: int, charset: str) -> str:
    """The text of bytes that are no JSON in UTF-8, unpacked at most twice."""
    if is_packed(message):
        message = await unpack(message, max_size)
    try:
        return message.decode(charset or json.detect_encoding(message))
    except UnicodeError:
        return (await unpack(message, max_size)).decode()


async def _decode_several(text: str, bounds: Bounds, reason: str, create_error: MakeError | None = None) -> Documents:
    found = Documents()
    parts = _split_lines(text) if len(text) > LARGE else _split_documents(text, bounds)
    for number, part in enumerate(parts, 1):
        try:
            if part is None:
                raise NotJson(reason)
            if bounds.values is not None and 2 * number > bounds.values:
                raise NotJson(f"more than {bounds.values} values")
            value = await decode_json_in_slices(part, bounds, create_error)
        except NotJson as error:
            found.unread, found.reason = found.unread + 1, found.reason or str(error)
        else:
            found.values.append(value)
        if not number % _YIELD:
            await yield_to_loop()
    return found


def _split_lines(text: str) -> Iterator[str | None]:
    """The lines of a large text; it is not looked through for documents in one line."""
    start = 0
    for gap in _BREAK.finditer(text):
        if line := text[start : gap.start()].strip():
            yield line
        start = gap.end()
    if line := text[start:].strip():
        yield line


def _split_documents(text: str, bounds: Bounds) -> Iterator[str | None]:
    """The texts of the objects and arrays in a text, and None for each part between them that is none."""
    if is_deeper(text.encode("utf-8", "replace"), bounds.depth):
        yield None
        return
    place, patience = 0, _RESCANS * len(text)
    while (place := _end_of_space(text, place)) < len(text):
        try:
            end = _scan(text, place)[1] if text[place] in "{[" else place
        except (ValueError, RecursionError) as error:
            end = place
            patience -= getattr(error, "pos", len(text)) - place
        if end > place:
            yield text[place:end]
            place = end
            continue
        yield None
        gap = _BREAK.search(text, place)
        if gap is None or patience < 0:
            return
        place = gap.end()


def _end_of_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found is not None else place


def outline_unread(message: str | bytes, reason: str) -> str:
    """A message for the log: its size and form, with letters and digits hidden."""
    if isinstance(message, bytes):
        return f"{len(message)} bytes that begin with {message[:4].hex(' ')} cannot be read: {reason}"
    sample = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", message[:_SAMPLE]))
    return f"a text of {len(message)} characters, like {sample!r}, cannot be read: {reason}"


def outline_event(data: Any) -> str:
    """An event for the log: the names of its fields and the kinds of their values."""
    if type(data) is dict:
        fields = ", ".join(
            f"{_hide_name(name)}: {_KINDS.get(type(value), 'number')}" for name, value in [*data.items()][:12]
        )
        return f"{{{fields}{', ...' if len(data) > 12 else ''}}}"
    return _KINDS.get(type(data), "number") if type(data) is not list else f"an array of {len(data)}"


_KINDS: Final[dict[type, str]] = {str: "text", dict: "object", list: "array", bool: "bool", type(None): "null"}
_NAME: Final = re.compile(r"[A-Za-z_@$][A-Za-z_@$.\-]{0,31}")


def _hide_name(name: str) -> str:
    """The name of a field; those with digits or spaces may be data, as the keys of a map are."""
    return name if _NAME.fullmatch(name) else "..."
