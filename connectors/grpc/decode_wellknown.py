"""google.protobuf's own messages as plain data: Timestamp, Duration, wrappers, Struct and the like. Used by decode.

Source: protobuf's ProtoJSON mapping, except that field names are never turned into camelCase. Any is in decode, because
it needs the descriptor pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_WHOLE = 2**53
"""Below it every whole number of a double is an integer of its own."""


def decode_value(message: Any) -> Any:
    """A google.protobuf.Value as plain data."""
    kind = message.WhichOneof("kind")
    if kind == "number_value":
        number = message.number_value
        return int(number) if number.is_integer() and abs(number) < _WHOLE else number
    if kind == "struct_value":
        return decode_struct(message.struct_value)
    if kind == "list_value":
        return decode_list(message.list_value)
    return None if kind in (None, "null_value") else getattr(message, kind)


def decode_struct(message: Any) -> dict[str, Any]:
    """A google.protobuf.Struct as a dict."""
    return {name: decode_value(value) for name, value in message.fields.items()}


def decode_list(message: Any) -> list[Any]:
    """A google.protobuf.ListValue as a list."""
    return [decode_value(value) for value in message.values]


def decode_field_mask(message: Any) -> str:
    """A google.protobuf.FieldMask as `name,price.units`."""
    return ",".join(message.paths)


WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
"""Messages with one field `value`, whose plain form is that value."""

TEXTS = frozenset(f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask"))
"""Messages whose plain form is text."""

DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": lambda message: message.ToJsonString(),
    "google.protobuf.Duration": lambda message: message.ToJsonString(),
    "google.protobuf.FieldMask": decode_field_mask,
    "google.protobuf.Struct": decode_struct,
    "google.protobuf.Value": decode_value,
    "google.protobuf.ListValue": decode_list,
}
"""Message to plain data, by full name."""
