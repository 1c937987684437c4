"""How a value is written in a URL, a form or a header. Used by the templates of this package."""

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


def as_text(value: Any) -> str:
    """Booleans as true and false, enums as their value, dates in ISO 8601, numbers and strings as they are.

    Raises ValueError for everything that has no one way of being written, such as a mapping or bytes.
    """
    kind = type(value)
    if kind is str or kind is int:
        return str(value)  # nearly every value
    if isinstance(value, Enum):
        return as_text(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _AS_STR):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise ValueError(f"a {type(value).__name__} cannot be written as text")


def as_texts(value: Any) -> list[str]:
    """One text for each element of a list, tuple or set; one for any other value; none for None."""
    if value is None:
        return []
    if isinstance(value, _LISTS):
        return [as_text(item) for item in value if item is not None]
    return [as_text(value)]


def quoted_texts(value: Any) -> list[str]:
    """`quoted` of each of `as_texts`."""
    if isinstance(value, _LISTS) and _INTEGERS.issuperset(map(type, value)):
        return list(map(str, value))
    return [quoted(text) for text in as_texts(value)]


def quoted(value: str) -> str:
    """Percent-encode everything but unreserved characters (RFC 3986 section 2.3), so a value cannot leave its place."""
    return value if _UNRESERVED(value) else quote(value, safe="")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """`a=1&b=2`, quoted; a space is %20, which every parser reads, `+` is not."""
    return "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs)


def form_of(fields: Mapping[str, Any]) -> bytes:
    """Fields as application/x-www-form-urlencoded: lists repeat their name, None is left out."""
    return query_of((name, text) for name, value in fields.items() for text in as_texts(value)).encode()
