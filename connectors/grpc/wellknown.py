"""Messages with a plain form of their own: google.protobuf's Timestamp, Duration, wrappers, Struct and the like.

Source: protobuf's ProtoJSON mapping, except that field names are never turned into camelCase. Any is with its readers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.grpc.encode_scalars import double_from, text_from
from connectors.grpc.errors import Unfit, kind_of

_WHOLE = 2**53


def read_value(message: Any) -> Any:
    """A google.protobuf.Value as plain data."""
    kind = message.WhichOneof("kind")
    if kind == "number_value":
        number = message.number_value
        return int(number) if number.is_integer() and abs(number) < _WHOLE else number
    if kind == "struct_value":
        return read_struct(message.struct_value)
    if kind == "list_value":
        return read_list(message.list_value)
    return None if kind in (None, "null_value") else getattr(message, kind)


def read_struct(message: Any) -> dict[str, Any]:
    """A google.protobuf.Struct as a dict."""
    return {name: read_value(value) for name, value in message.fields.items()}


def read_list(message: Any) -> list[Any]:
    """A google.protobuf.ListValue as a list."""
    return [read_value(value) for value in message.values]


def write_value(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Value from None, a boolean, number, text, dict or list."""
    if data is None:
        message.null_value = 0
    elif isinstance(data, bool):
        message.bool_value = data
    elif isinstance(data, int | float):
        message.number_value = double_from(data)
    elif isinstance(data, str):
        message.string_value = text_from(data)
    elif isinstance(data, Mapping):
        message.struct_value.SetInParent()
        write_struct(message.struct_value, data)
    elif isinstance(data, list | tuple):
        message.list_value.SetInParent()
        write_list(message.list_value, data)
    else:
        raise Unfit(f"takes plain data, not {kind_of(data)}")


def write_struct(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Struct from a dict."""
    if not isinstance(data, Mapping):
        raise Unfit(f"takes a dict, not {kind_of(data)}")
    for name, value in data.items():
        if not isinstance(name, str):
            raise Unfit(f"takes a dict with names, not with {kind_of(name)} as key")
        try:
            write_value(message.fields[text_from(name)], value)
        except Unfit as unfit:
            unfit.enter(name)
            raise


def write_list(message: Any, data: Any) -> None:
    """Fill a google.protobuf.ListValue from a list."""
    if not isinstance(data, list | tuple):
        raise Unfit(f"takes a list, not {kind_of(data)}")
    for index, value in enumerate(data):
        try:
            write_value(message.values.add(), value)
        except Unfit as unfit:
            unfit.enter(index)
            raise


def read_mask(message: Any) -> str:
    """A google.protobuf.FieldMask as `name,price.units`."""
    return ",".join(message.paths)


def write_mask(message: Any, data: Any) -> None:
    """Fill a google.protobuf.FieldMask from `name,price.units` or a list of paths."""
    paths = [path for path in data.split(",") if path] if isinstance(data, str) else data
    if not isinstance(paths, list | tuple):
        raise Unfit(f'takes paths such as "name,price.units", not {kind_of(data)}')
    message.paths.extend(text_from(path) for path in paths)


def write_timestamp(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Timestamp from RFC 3339 text or a datetime; one without a zone is taken as UTC."""
    try:
        if isinstance(data, datetime):
            message.FromDatetime(data)
        elif isinstance(data, str):
            message.FromJsonString(data)
        else:
            raise Unfit(f"takes a time, not {kind_of(data)}")
    except (ValueError, OverflowError):
        raise Unfit('takes a time such as "2030-01-31T12:00:00Z"') from None


def write_duration(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Duration from `1.5s` or a timedelta."""
    try:
        if isinstance(data, timedelta):
            message.FromTimedelta(data)
        elif isinstance(data, str):
            message.FromJsonString(data)
        else:
            raise Unfit(f"takes a duration, not {kind_of(data)}")
    except (ValueError, OverflowError):
        raise Unfit('takes a duration such as "1.5s"') from None


WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
)
"""Messages with one field `value`, whose plain form is that value."""

TEXTS = frozenset(f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask"))
"""Messages whose plain form is text."""

READ: Mapping[str, Callable[[Any], Any]] = {
    "google.protobuf.Timestamp": lambda message: message.ToJsonString(),
    "google.protobuf.Duration": lambda message: message.ToJsonString(),
    "google.protobuf.FieldMask": read_mask,
    "google.protobuf.Struct": read_struct,
    "google.protobuf.Value": read_value,
    "google.protobuf.ListValue": read_list,
}
"""Message to plain data, by full name."""

WRITE: Mapping[str, Callable[[Any, Any], None]] = {
    "google.protobuf.Timestamp": write_timestamp,
    "google.protobuf.Duration": write_duration,
    "google.protobuf.FieldMask": write_mask,
    "google.protobuf.Struct": write_struct,
    "google.protobuf.Value": write_value,
    "google.protobuf.ListValue": write_list,
}
"""Plain data into a message, by full name. Raise Unfit."""
