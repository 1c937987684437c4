"""Checks of single values for request messages: the right kind and within range. Used by connectors.grpc.writing."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from enum import Enum
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from connectors.grpc.errors import Unfit, kind_of

Check = Callable[[Any], Any]
"""Plain data -> what protobuf takes. Raises Unfit."""

_DIGITS = re.compile(r"-?[0-9]{1,20}")  # no 64-bit number is longer
_LARGEST_FLOAT = 3.4028235677973366e38  # half a step above the largest 32-bit float: everything below is rounded to it


def check_of(field: FieldDescriptor) -> Check:
    """The check for one value of a scalar or enum field."""
    return _enum(field.enum_type) if field.enum_type is not None else _CHECKS[field.type]


def _integer(bits: int, *, is_signed: bool) -> Check:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    name = f"{'int' if is_signed else 'uint'}{bits}"

    def check(data: Any) -> int:
        value = data
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(f"takes an {name}, not {kind_of(data)}")
        if not low <= value <= high:
            raise Unfit(f"is out of the range of {name}")
        return value

    return check


def _float(data: Any) -> float:
    value = double_from(data)
    if math.isfinite(value) and abs(value) >= _LARGEST_FLOAT:
        raise Unfit("is out of the range of float")
    return value


def double_from(data: Any) -> float:
    """A 64-bit float from a number."""
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise Unfit(f"takes a number, not {kind_of(data)}")
    try:
        return float(data)
    except OverflowError:
        raise Unfit("is out of the range of double") from None


def _bool(data: Any) -> bool:
    if isinstance(data, bool):
        return data
    if data in ("true", "false"):  # as keys of maps are read
        return bool(data == "true")
    raise Unfit(f"takes a boolean, not {kind_of(data)}")


def text_from(data: Any) -> str:
    """Text that can be written as UTF-8."""
    if not isinstance(data, str):
        raise Unfit(f"takes text, not {kind_of(data)}")
    if not data.isascii():
        try:
            data.encode()
        except UnicodeEncodeError:
            raise Unfit("is not valid Unicode") from None
    return str(data)


def bytes_from(data: Any) -> bytes:
    """Bytes from bytes or base64, standard or URL-safe, with or without padding."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    if not isinstance(data, str):
        raise Unfit(f"takes bytes or base64, not {kind_of(data)}")
    text = data.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("takes base64, and this is not") from None


def _enum(enum: EnumDescriptor) -> Check:
    numbers = {value.name: value.number for value in enum.values}

    def check(data: Any) -> int:
        value = data
        if isinstance(value, Enum):
            value = value.value if isinstance(value.value, int) or value.value in numbers else value.name
        if isinstance(value, str) and value in numbers:
            return numbers[value]
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and (not enum.is_closed or value in enum.values_by_number)
        ):
            return int(_integer(32, is_signed=True)(value))
        nearest = get_close_matches(value, numbers, n=1) if isinstance(value, str) else []
        hint = f'did you mean "{nearest[0]}"?' if nearest else f"it has {', '.join(numbers)}"
        raise Unfit(f"is not a value of {enum.full_name}; {hint}")

    return check


_INT32, _INT64 = _integer(32, is_signed=True), _integer(64, is_signed=True)
_UINT32, _UINT64 = _integer(32, is_signed=False), _integer(64, is_signed=False)
_CHECKS: dict[int, Check] = {
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
    FieldDescriptor.TYPE_FLOAT: _float,
    FieldDescriptor.TYPE_DOUBLE: double_from,
    FieldDescriptor.TYPE_BOOL: _bool,
    FieldDescriptor.TYPE_STRING: text_from,
    FieldDescriptor.TYPE_BYTES: bytes_from,
}
