"""Requests and replies against protobuf's own JSON: https://protobuf.dev/programming-guides/json."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass

from connectors.grpc.errors import RequestMismatch
from connectors.grpc.operations import RpcOperation
from connectors.grpc.schema import Schema
from connectors.grpc.schema_descriptors import compile_protos
from connectors.messages.templates import Template
from tests.connectors.grpc.canonical import find_difference

SCHEMA = Schema("canon", compile_protos("canon", (Path(__file__).parent / "canonical.proto",), ()))
POOL = SCHEMA._pool
METHOD = SCHEMA.find_method(RpcOperation(upstream="canon", name="canonical.Canon/Get", request=Template({})))
ALL = GetMessageClass(POOL.FindMessageTypeByName("canonical.All"))
ANY = "type.googleapis.com/"
SAME: list[dict[str, Any]] = [
    *({"wide": value} for value in (0, -0.0, 1.5, "1.5", "1e3", "NaN", "Infinity", "-Infinity", "nan", "", 10**400)),
    *({"narrow": value} for value in (1.1, "Infinity", 3.4e38, 3.5e38, "x")),
    *({"small": value} for value in (1, 1.0, "1", "1.0", "1e3", 1.5, "1.5", " 1", True, 2**31, -(2**31), "-7")),
    *({"big": value} for value in ("9223372036854775807", "9223372036854775808", 1e3, -(2**63))),
    *({"unsignedBig": value} for value in ("18446744073709551615", -1)),
    *({"unsigned_big": value} for value in (7, "7")),
    *({"flag": value} for value in (True, False, 1)),
    *({"text": value} for value in ("é\0", 5, "\ud800")),
    *({"raw": value} for value in ("-_8", "+/8=", "QQ", "QUJD\n", "Q")),
    *({"kind": value} for value in ("A", 1, 77, "77", "C", None, 1.0)),
    *({"kinds": value} for value in (["A", 1, 77], [], None, "A", [None])),
    *({"maybe": value} for value in (0, None)),
    *({"fields": value} for value in ({"a": [1, None, "x", {"b": True}]}, {}, None, [1])),
    *({"value": value} for value in (None, 5, "x", True, {"a": None}, [None, []])),
    *({"values": value} for value in ([1, None], None, {"a": 1})),
    *({"anyValues": value} for value in ([None, 1, {"a": 2}], [])),
    *({"valuesByName": value} for value in ({"a": None, "b": 1}, None)),
    *({"nothing": value} for value in (None, "NULL_VALUE", 0)),
    *({"wrappedBig": value} for value in ("5", 5.0, 0, None)),
    *({"wrappedText": value} for value in ("", None)),
    *({"wrappedWide": value} for value in ("NaN", 0)),
    *({"wrappedRaw": value} for value in ("QQ==",)),
    *({"wrappedFlag": value} for value in (False,)),
    *(
        {"time": value}
        for value in (
            "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00+01:00", "2024-01-01",
            "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "0000-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "",
        )
    ),
    *(
        {"took": value}
        for value in ("1.5s", "-0.5s", "-1.5s", "315576000000s", "315576000001s", "1.0000000001s", "1", "")
    ),
    *({"mask": value} for value in ("a,b.c", "fooBar,b.cD", "", ",a")),
    *({"empty": value} for value in ({}, {"x": 1})),
    *({"byNumber": value} for value in ({"1": "a", "-2": "b"}, {"x": "a"}, {"1": None})),
    *({"byFlag": value} for value in ({"true": "5", "false": 6}, {"1": 1})),
    *({"kindsByName": value} for value in ({"a": "B", "b": 77},)),
    *({"nested": value} for value in ({"5": {"text": "x", "nested": {"6": {}}}},)),
    *({"wides": value} for value in (["NaN", 1], [None], 5)),
    *({"bigs": value} for value in (["5", 6], 5)),
    *({"self": value} for value in ({"self": {"text": "y"}}, {}, None, [1])),
    {"chosenText": "x", "chosenNumber": 5},
    {"chosenText": "x", "chosenNumber": None},
    {"chosenNothing": None},
    {"chosenValue": None},
    {"any": {"@type": f"{ANY}canonical.All", "text": "x"}},
    {"any": {"@type": f"{ANY}google.protobuf.Duration", "value": "1.5s"}},
    {"any": {"@type": f"{ANY}google.protobuf.Value", "value": None}},
    {"any": {"@type": f"{ANY}google.protobuf.Empty"}},
    {"any": {"@type": f"{ANY}canonical.None"}},
    {"any": {"@type": f"{ANY}google.protobuf.Any", "value": {"@type": f"{ANY}google.protobuf.StringValue", "value": "x"}}},
    {"any": {}},
    {"noSuch": 1},
]  # fmt: skip
WIDER: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
    ({"wide": math.nan}, {"wide": "NaN"}),
    ({"flag": "true"}, {"flag": True}),
    ({"mask": "foo_bar"}, {"mask": "fooBar"}),
    ({"mask": ["foo_bar", "b"]}, {"mask": "fooBar,b"}),
    ({"narrow": "1e39"}, None),
    ({"raw": "*"}, None),
    ({"kind": 1.5}, None),
    ({"wide": "1."}, None),
    ({"wrappedBig": 1, "wrapped_big": 2}, None),
]
"""What we take otherwise than json_format: what it would take for the same, or that we refuse it."""


def by_library(data: dict[str, Any]) -> Any:
    """The message, or None where json_format refuses the data."""
    try:
        return json_format.ParseDict(data, ALL(), descriptor_pool=POOL)
    except Exception:  # noqa: BLE001 - of several kinds
        return None


def by_us(data: dict[str, Any]) -> Any:
    try:
        return ALL.FromString(METHOD.encode(data))
    except RequestMismatch:
        return None


def serialized(message: Any) -> Any:
    return None if message is None else message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("data", SAME, ids=repr)
def test_requests_are_read_as_protobuf_reads_json(data: dict[str, Any]) -> None:
    """The same message, or both refuse it."""
    assert serialized(by_us(data)) == serialized(by_library(data))


@pytest.mark.parametrize(("data", "meant"), WIDER, ids=repr)
def test_what_is_taken_otherwise(data: dict[str, Any], meant: dict[str, Any] | None) -> None:
    """As documented: more where it is clear, less where json_format changes the value."""
    assert serialized(by_us(data)) == (None if meant is None else serialized(by_library(meant)))


@pytest.mark.parametrize("data", SAME, ids=repr)
def test_replies_are_as_protobuf_writes_json(data: dict[str, Any]) -> None:
    """But numbers are numbers, and paths of a mask in the proto's names."""
    message = by_library(data)
    if message is None or "mask" in data:
        return
    theirs = json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, descriptor_pool=POOL
    )
    assert find_difference(METHOD.decode(message), theirs) == ""
