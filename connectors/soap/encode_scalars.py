"""Plain Python values as the texts of XSD simple types. Used by connectors.soap.encode_values.

Texts are sent as they are: dates, times, durations and partial dates in the form that XSD gives them, with their zones.
Only numbers and booleans are checked; facets such as patterns are left to the upstream.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from connectors.soap.decode.scalars import get_converter
from connectors.soap.schema_zeep import ListType, UnionType, builtins, format_duration

_CHECKED = (builtins.Boolean, builtins.Decimal, builtins.Float, builtins.Double)
_PARTS_OF_DATES: tuple[tuple[type, str, str], ...] = (
    (builtins.gYearMonth, "{0.year:04}-{0.month:02}", ""),
    (builtins.gYear, "{0.year:04}", "{:04}"),
    (builtins.gMonthDay, "--{0.month:02}-{0.day:02}", ""),
    (builtins.gDay, "---{0.day:02}", "---{:02}"),
    (builtins.gMonth, "--{0.month:02}", "--{:02}"),
)
"""For each: a date, and an integer where that is one."""


def format_scalar(xsd_type: Any, value: Any) -> str:
    """The text of a value. Raises ValueError, whose text completes "this value ..." and never repeats it."""
    value = unwrap_enum(value)
    if isinstance(xsd_type, ListType):
        items = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return " ".join(format_scalar(xsd_type.item_type, item) for item in items)
    if isinstance(value, list | tuple | set | frozenset):
        if isinstance(xsd_type, builtins.NmTokens | builtins.IDREFS | builtins.Entities):
            return " ".join(format_scalar(None, item) for item in value)
        raise ValueError("takes one value, and a list is given")
    if isinstance(value, Mapping):
        given = ", ".join(map(str, value)) or "none"
        raise ValueError(f"is one value and has no elements, but {given} is given")  # noqa: TRY004 - callers catch one
    if isinstance(xsd_type, UnionType):
        return _format_union(xsd_type, value)
    if isinstance(value, str):
        if isinstance(xsd_type, _CHECKED):
            get_converter(xsd_type)(value)
        return value
    return _format_other(xsd_type, value)


def unwrap_enum(value: Any) -> Any:
    """The value of an enum's member; everything else as it is."""
    while isinstance(value, Enum):
        value = value.value
    return value


def _format_union(xsd_type: Any, value: Any) -> str:
    failure = ValueError("fits no member of its union type")
    for member in xsd_type.item_types:
        try:
            return format_scalar(member, value)
        except ValueError as error:
            failure = error
    raise failure


def _format_other(xsd_type: Any, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _format_number(xsd_type, value)
    if isinstance(value, bytes | bytearray | memoryview):
        return _format_bytes(xsd_type, bytes(value))
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(xsd_type, value)
    raise ValueError(f"cannot be of Python's type {type(value).__name__}")


def _format_number(xsd_type: Any, value: float | Decimal) -> str:
    if isinstance(value, int):
        for kind, _, form in _PARTS_OF_DATES:
            if form and isinstance(xsd_type, kind):
                return form.format(value)
        return str(value)
    if not math.isfinite(value):
        if isinstance(xsd_type, builtins.Decimal):
            raise ValueError("is not a decimal number")
        return {"inf": "INF", "-inf": "-INF"}.get(str(float(value)), "NaN")
    if isinstance(xsd_type, builtins.Integer):
        if value != int(value):
            raise ValueError("is not an integer")
        return str(int(value))
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    return str(number) if isinstance(xsd_type, builtins.Float | builtins.Double) else format(number, "f")


def _format_bytes(xsd_type: Any, value: bytes) -> str:
    if isinstance(xsd_type, builtins.HexBinary):
        return value.hex().upper()
    if isinstance(xsd_type, builtins.String):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError("is not text") from None
    return base64.b64encode(value).decode()


def _format_date(xsd_type: Any, value: date) -> str:
    for kind, form, _ in _PARTS_OF_DATES:
        if isinstance(xsd_type, kind):
            return form.format(value)
    if isinstance(value, datetime):
        if isinstance(xsd_type, builtins.Date):
            return value.date().isoformat()
        if isinstance(xsd_type, builtins.Time):
            return _mark_utc(value.timetz().isoformat())
        if isinstance(xsd_type, builtins.String):
            return str(value)
        return _mark_utc(value.isoformat())
    if isinstance(xsd_type, builtins.DateTime):
        return f"{value.isoformat()}T00:00:00"
    return value.isoformat()


def _mark_utc(text: str) -> str:
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


_WRITERS: tuple[tuple[type, Callable[[Any, Any], str]], ...] = (
    (date, _format_date),
    (time, lambda _, value: _mark_utc(value.isoformat())),
    (timedelta, lambda _, value: str(format_duration(value))),
    (UUID, lambda _, value: str(value)),
)
