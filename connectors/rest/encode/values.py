"""Values as text in URLs, forms and headers. Used by the templates of this room and by `operations`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import quote
from uuid import UUID

_AS_STR = (str, int, float, Decimal, UUID)
_LISTS = (list, tuple, set, frozenset)
_INTEGERS = frozenset((int,))
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*").fullmatch


def format_value(value: Any) -> str:
    """The text of one value: booleans are true and false, enums their value, dates ISO 8601, the rest as `str`.

    Raises ValueError for a value without one obvious text, such as a mapping or bytes.
    """
    kind = type(value)
    if kind is str or kind is int:
        return str(value)  # the most frequent types
    if isinstance(value, Enum):
        return format_value(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _AS_STR):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise ValueError(f"a value of type {type(value).__name__} cannot be written as text")


def format_header(value: Any) -> str:
    """The text of a value in a header, where text stands for bytes as Latin-1: those of UTF-8. Lists have commas."""
    text = ",".join(format_values(value)) if isinstance(value, _LISTS) else format_value(value)
    return text if text.isascii() else text.encode().decode("latin-1")


def format_values(value: Any) -> list[str]:
    """The texts of a list, tuple or set; of any other value, a list of one; of None, an empty list."""
    if value is None:
        return []
    if isinstance(value, _LISTS):
        return [format_value(item) for item in value if item is not None]
    return [format_value(value)]


def quote_values(value: Any) -> list[str]:
    """The texts of `format_values`, each quoted."""
    if isinstance(value, _LISTS) and _INTEGERS.issuperset(map(type, value)):
        return list(map(str, value))
    return [quote_value(text) for text in format_values(value)]


def quote_value(value: str) -> str:
    """Percent-encode everything but unreserved characters (RFC 3986 section 2.3), so a value cannot leave its place."""
    return value if _UNRESERVED(value) else quote(value, safe="")


def encode_query(pairs: Iterable[tuple[str, str]]) -> str:
    """`a=1&b=2`, quoted. A space is %20, which every parser decodes, unlike `+`."""
    return "&".join(f"{quote_value(name)}={quote_value(value)}" for name, value in pairs)


def encode_form(fields: Mapping[str, Any]) -> bytes:
    """Fields as application/x-www-form-urlencoded; a list repeats its name, None is omitted."""
    return encode_query((name, text) for name, value in fields.items() for text in format_values(value)).encode()
