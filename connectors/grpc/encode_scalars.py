"""Single values of request messages, checked for type and range. Used by encode and encode_wellknown."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from connectors.grpc.errors import RequestMismatch, name_type

Convert = Callable[[Any], Any]
"""Plain data -> the value that protobuf accepts. Raises RequestMismatch."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,400})(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?")
_ODD_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_DIGITS = re.compile(r"-?[0-9]{1,20}")  # no 64-bit number is longer
_LARGEST_FLOAT = 3.4028235677973366e38  # half a step above the largest 32-bit float: everything below is rounded to it


def get_converter(field: FieldDescriptor) -> Convert:
    """Get the converter for one value of a scalar or enum field."""
    return _make_enum_converter(field.enum_type) if field.enum_type is not None else _CONVERTERS[field.type]


def _make_integer_converter(bits: int, *, is_signed: bool) -> Convert:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    name = f"{'int' if is_signed else 'uint'}{bits}"

    def convert(data: Any) -> int:
        value = data
        if isinstance(value, str):
            value = int(value) if _DIGITS.fullmatch(value) else _read_number(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            if isinstance(data, Enum):
                return convert(data.value)
            raise RequestMismatch(f"takes an {name}, not {name_type(data)}")
        if not low <= value <= high:
            raise RequestMismatch(f"is out of the range of {name}")
        return value

    return convert


def _convert_float(data: Any) -> float:
    value = convert_double(data)
    if math.isfinite(value) and abs(value) >= _LARGEST_FLOAT:
        raise RequestMismatch("is out of the range of float")
    return value


def _read_number(text: str) -> float | str:
    """The number that a text is, as ProtoJSON writes it; the text itself where it is none."""
    return float(text) if _NUMBER.fullmatch(text) else text


def convert_double(data: Any) -> float:
    """Convert a number, or the text of one, to a 64-bit float."""
    if isinstance(data, str):
        value = _ODD_FLOATS.get(data, _read_number(data))
        if isinstance(value, float) and (math.isfinite(value) or data in _ODD_FLOATS):
            return value
        if isinstance(value, float):
            raise RequestMismatch("is out of the range of double")
    if isinstance(data, Decimal):
        return float(data)
    if isinstance(data, bool) or not isinstance(data, int | float):
        if isinstance(data, Enum):
            return convert_double(data.value)
        raise RequestMismatch(f"takes a number, not {name_type(data)}")
    try:
        return float(data)
    except OverflowError:
        raise RequestMismatch("is out of the range of double") from None


def _convert_bool(data: Any) -> bool:
    if isinstance(data, bool):
        return data
    if data in ("true", "false"):  # as keys of maps are read
        return bool(data == "true")
    if isinstance(data, Enum):
        return _convert_bool(data.value)
    raise RequestMismatch(f"takes a boolean, not {name_type(data)}")


def convert_text(data: Any) -> str:
    """Check that text can be encoded as UTF-8."""
    if isinstance(data, Enum):
        return convert_text(data.value)
    if isinstance(data, UUID | Decimal | date | time):  # scalars of GraphQL, as Python has them
        return data.isoformat() if isinstance(data, date | time) else str(data)
    if not isinstance(data, str):
        raise RequestMismatch(f"takes text, not {name_type(data)}")
    if not data.isascii():
        try:
            data.encode()
        except UnicodeEncodeError:
            raise RequestMismatch("is not valid Unicode") from None
    return str(data)


def convert_bytes(data: Any) -> bytes:
    """Convert bytes, or base64 that is standard or URL-safe, with or without padding."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if isinstance(data, Enum):
        return convert_bytes(data.value)
    if not isinstance(data, str):
        raise RequestMismatch(f"takes bytes or base64, not {name_type(data)}")
    text = "".join(data.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise RequestMismatch("takes base64, and this text is not base64") from None


def _make_enum_converter(enum: EnumDescriptor) -> Convert:
    numbers = {value.name: value.number for value in enum.values}
    takes_null = enum.full_name == "google.protobuf.NullValue"

    def convert(data: Any) -> int:
        value = data
        if data is None and takes_null:
            return 0
        if isinstance(value, Enum):
            value = value.value if isinstance(value.value, int) or value.value in numbers else value.name
        if isinstance(value, str):
            if value in numbers:
                return numbers[value]
            value = int(value) if _DIGITS.fullmatch(value) else value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and (not enum.is_closed or value in enum.values_by_number)
        ):
            return int(_make_integer_converter(32, is_signed=True)(value))
        nearest = get_close_matches(value, numbers, n=1) if isinstance(value, str) else []
        hint = f'did you mean "{nearest[0]}"?' if nearest else f"it has {', '.join(numbers)}"
        raise RequestMismatch(f"is not a value of {enum.full_name}; {hint}")

    return convert


_INT32, _INT64 = _make_integer_converter(32, is_signed=True), _make_integer_converter(64, is_signed=True)
_UINT32, _UINT64 = _make_integer_converter(32, is_signed=False), _make_integer_converter(64, is_signed=False)
_CONVERTERS: dict[int, Convert] = {
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_SINT32: _INT32,
    FieldDescriptor.TYPE_SFIXED32: _INT32,
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_SINT64: _INT64,
    FieldDescriptor.TYPE_SFIXED64: _INT64,
    FieldDescriptor.TYPE_UINT32: _UINT32,
    FieldDescriptor.TYPE_FIXED32: _UINT32,
    FieldDescriptor.TYPE_UINT64: _UINT64,
    FieldDescriptor.TYPE_FIXED64: _UINT64,
    FieldDescriptor.TYPE_FLOAT: _convert_float,
    FieldDescriptor.TYPE_DOUBLE: convert_double,
    FieldDescriptor.TYPE_BOOL: _convert_bool,
    FieldDescriptor.TYPE_STRING: convert_text,
    FieldDescriptor.TYPE_BYTES: convert_bytes,
}
