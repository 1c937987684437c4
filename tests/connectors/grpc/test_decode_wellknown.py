"""google.protobuf's own messages as plain data."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from connectors.grpc.decode_wellknown import DECODERS, TEXTS, WRAPPERS, decode_value


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        (Timestamp(seconds=0), "1970-01-01T00:00:00Z"),
        (Duration(seconds=1, nanos=500_000_000), "1.500s"),
        (FieldMask(paths=["name", "price.units"]), "name,price.units"),
        (ParseDict({"a": [1, None, {"b": True}]}, Struct()), {"a": [1, None, {"b": True}]}),
    ],
)
def test_plain_forms(message: Any, plain: Any) -> None:
    """Those of ProtoJSON, with field names as in the proto."""
    assert DECODERS[message.DESCRIPTOR.full_name](message) == plain


@pytest.mark.parametrize(("number", "plain"), [(3.0, 3), (2.5, 2.5), (2.0**60, 2.0**60)])
def test_whole_numbers_are_integers_where_a_double_is_exact(number: float, plain: Any) -> None:
    """A Value has only doubles."""
    value = decode_value(Value(number_value=number))
    assert value == plain
    assert type(value) is type(plain)


def test_a_value_that_is_not_set_is_null() -> None:
    """As one that is null."""
    assert decode_value(Value()) is decode_value(Value(null_value=0)) is None  # type: ignore[arg-type]


def test_the_tables_do_not_overlap() -> None:
    """A wrapper is its value; a text has a decoder."""
    assert not WRAPPERS & DECODERS.keys()
    assert DECODERS.keys() > TEXTS
