"""Plain data as google.protobuf's own messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from connectors.grpc.decode_wellknown import DECODERS
from connectors.grpc.encode_wellknown import ENCODERS
from connectors.grpc.errors import RequestMismatch


@pytest.mark.parametrize(
    ("message", "data", "plain"),
    [
        (Timestamp(), "2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z"),
        (Timestamp(), datetime(2030, 1, 31, 12, tzinfo=UTC), "2030-01-31T12:00:00Z"),
        (Duration(), "1.5s", "1.500s"),
        (Duration(), timedelta(seconds=90), "90s"),
        (FieldMask(), "name,price.units", "name,price.units"),
        (FieldMask(), ["name"], "name"),
        (Struct(), {"a": [1, None, {"b": True}]}, {"a": [1, None, {"b": True}]}),
        (ListValue(), ("x", 2.5), ["x", 2.5]),
        (Value(), None, None),
    ],
)
def test_data_is_read_back(message: Any, data: Any, plain: Any) -> None:
    """What was encoded is decoded as the same plain data."""
    name = message.DESCRIPTOR.full_name
    ENCODERS[name](message, data)
    assert DECODERS[name](message) == plain


@pytest.mark.parametrize(
    ("message", "data", "reason"),
    [
        (Timestamp(), 7, "takes a time, not int"),
        (Timestamp(), "yesterday", "takes a time such as"),
        (Duration(), "soon", "takes a duration such as"),
        (FieldMask(), 7, "takes paths such as"),
        (Struct(), [], "takes a dict, not list"),
        (Struct(), {"a": {"b": [1, object()]}}, r"a\.b\.1: takes plain data, not object"),
    ],
)
def test_data_that_does_not_match(message: Any, data: Any, reason: str) -> None:
    """The reason has the path inside of the message."""
    with pytest.raises(RequestMismatch, match=reason):
        ENCODERS[message.DESCRIPTOR.full_name](message, data)
