"""Plain data as google.protobuf's own messages: Timestamp, Duration, Struct and the like. Used by encode.

Source: protobuf's ProtoJSON mapping. Paths of a FieldMask may be in the proto's names or in camelCase. Any is in
encode, because it needs the descriptor pool.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from connectors.grpc.encode_scalars import convert_double, convert_text
from connectors.grpc.errors import RequestMismatch, name_type

_CAPITAL = re.compile("[A-Z]")


def encode_value(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Value from None, a boolean, number, text, dict or list."""
    if isinstance(data, Enum):
        data = data.value
    if data is None:
        message.null_value = 0
    elif isinstance(data, bool):
        message.bool_value = data
    elif isinstance(data, int | float):
        message.number_value = convert_double(data)
    elif isinstance(data, str):
        message.string_value = convert_text(data)
    elif isinstance(data, Mapping):
        message.struct_value.SetInParent()
        encode_struct(message.struct_value, data)
    elif isinstance(data, list | tuple):
        message.list_value.SetInParent()
        encode_list(message.list_value, data)
    else:
        raise RequestMismatch(f"takes plain data, not {name_type(data)}")


def encode_struct(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Struct from a dict."""
    if not isinstance(data, Mapping):
        raise RequestMismatch(f"takes a dict, not {name_type(data)}")
    for name, value in data.items():
        if not isinstance(name, str):
            raise RequestMismatch(f"takes a dict with names, not with {name_type(name)} as key")
        try:
            encode_value(message.fields[convert_text(name)], value)
        except RequestMismatch as mismatch:
            mismatch.add_outer_step(name)
            raise


def encode_list(message: Any, data: Any) -> None:
    """Fill a google.protobuf.ListValue from a list."""
    if not isinstance(data, list | tuple):
        raise RequestMismatch(f"takes a list, not {name_type(data)}")
    for index, value in enumerate(data):
        try:
            encode_value(message.values.add(), value)
        except RequestMismatch as mismatch:
            mismatch.add_outer_step(index)
            raise


def encode_field_mask(message: Any, data: Any) -> None:
    """Fill a google.protobuf.FieldMask from `name,price.units` or a list of paths."""
    paths = (data.split(",") if data else []) if isinstance(data, str) else data
    if not isinstance(paths, list | tuple):
        raise RequestMismatch(f'takes paths such as "name,price.units", not {name_type(data)}')
    message.paths.extend(_name_path(convert_text(path)) for path in paths)


def _name_path(path: str) -> str:
    """A path in the proto's names: ProtoJSON, and names of GraphQL, have it in camelCase."""
    return path if "_" in path else _CAPITAL.sub(lambda match: f"_{match[0].lower()}", path)


def encode_timestamp(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Timestamp from RFC 3339 text or a datetime; one without a zone is taken as UTC."""
    try:
        if isinstance(data, datetime):
            message.FromDatetime(data)
        elif isinstance(data, str):
            message.FromJsonString(data)
        else:
            raise RequestMismatch(f"takes a time, not {name_type(data)}")
    except (ValueError, OverflowError):
        raise RequestMismatch('takes a time such as "2030-01-31T12:00:00Z"') from None


def encode_duration(message: Any, data: Any) -> None:
    """Fill a google.protobuf.Duration from `1.5s` or a timedelta."""
    try:
        if isinstance(data, timedelta):
            message.FromTimedelta(data)
        elif isinstance(data, str):
            message.FromJsonString(data)
        else:
            raise RequestMismatch(f"takes a duration, not {name_type(data)}")
    except (ValueError, OverflowError):
        raise RequestMismatch('takes a duration such as "1.5s"') from None


ENCODERS: Mapping[str, Callable[[Any, Any], None]] = {
    "google.protobuf.Timestamp": encode_timestamp,
    "google.protobuf.Duration": encode_duration,
    "google.protobuf.FieldMask": encode_field_mask,
    "google.protobuf.Struct": encode_struct,
    "google.protobuf.Value": encode_value,
    "google.protobuf.ListValue": encode_list,
}
"""Plain data into a message, by full name. Raise RequestMismatch."""
