"""Single values of request messages: the right type and within range."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from connectors.grpc.encode_scalars import convert_bytes, convert_double, convert_text, get_converter
from connectors.grpc.errors import RequestMismatch

FIELDS = FieldDescriptorProto.DESCRIPTOR.fields_by_name


class Label(Enum):
    LABEL_REPEATED = 3


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        ("number", 7, 7),
        ("number", "7", 7),
        ("number", "-2147483648", -(2**31)),
        ("proto3_optional", True, True),
        ("proto3_optional", "false", False),
        ("name", "a", "a"),
        ("label", "LABEL_OPTIONAL", 1),
        ("label", 2, 2),
        ("label", Label.LABEL_REPEATED, 3),
    ],
)
def test_values_that_match(field: str, data: Any, value: Any) -> None:
    """Numbers may be text, because a GraphQL ID is; an enum is a name, a number or a Python enum."""
    assert get_converter(FIELDS[field])(data) == value


@pytest.mark.parametrize(
    ("field", "data", "reason"),
    [
        ("number", True, "takes an int32, not bool"),
        ("number", 2**31, "out of the range of int32"),
        ("number", "seven", "takes an int32, not str"),
        ("proto3_optional", 1, "takes a boolean, not int"),
        ("name", 7, "takes text, not int"),
        ("name", "\ud800", "is not valid Unicode"),
        ("label", "LABEL_OPTIONL", 'did you mean "LABEL_OPTIONAL"'),
        ("label", 9, "is not a value of"),
    ],
)
def test_values_that_do_not_match(field: str, data: Any, reason: str) -> None:
    """The reason names the type, and never the value where it may be secret."""
    with pytest.raises(RequestMismatch, match=reason):
        get_converter(FIELDS[field])(data)


def test_text_bytes_and_doubles() -> None:
    """Base64 may be standard or URL-safe, with or without padding."""
    assert convert_text("é") == "é"
    assert convert_bytes(b"\xfb\xff") == convert_bytes("+/8=") == convert_bytes("-_8") == b"\xfb\xff"
    assert convert_double(3) == 3.0
    with pytest.raises(RequestMismatch, match="out of the range of double"):
        convert_double(10**400)


class Kind(Enum):
    TEXT = "text"
    NUMBER = 7
    YES = True
    BYTES = "+/8="


@pytest.mark.parametrize(
    ("field", "member", "value"),
    [("name", Kind.TEXT, "text"), ("number", Kind.NUMBER, 7), ("proto3_optional", Kind.YES, True)],
)
def test_members_of_enums_are_their_values_where_the_field_is_no_enum(field: str, member: Kind, value: Any) -> None:
    """As in every other protocol."""
    assert get_converter(FIELDS[field])(member) == value
    assert convert_bytes(Kind.BYTES) == b"\xfb\xff"
    assert convert_double(Kind.NUMBER) == 7.0
