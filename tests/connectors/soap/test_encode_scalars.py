"""Texts of simple values; what has none is refused without being repeated."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from connectors.soap.encode_scalars import format_scalar
from connectors.soap.schema_zeep import ListType, UnionType, builtins


class Level(Enum):
    LOW = 3


@pytest.mark.parametrize(
    ("xsd_type", "value", "text"),
    [
        (builtins.String(), True, "true"),
        (builtins.String(), b"caf\xc3\xa9", "café"),
        (builtins.Boolean(), "1", "1"),
        (builtins.Integer(), 7.0, "7"),
        (builtins.Integer(), "-12345678901234567890", "-12345678901234567890"),
        (builtins.Decimal(), 1e22, "10000000000000000000000"),
        (builtins.Decimal(), Decimal("1.50"), "1.50"),
        (builtins.Double(), float("inf"), "INF"),
        (builtins.Double(), float("nan"), "NaN"),
        (builtins.Float(), 1e300, "1E+300"),
        (builtins.Base64Binary(), b"\x00\x01", "AAE="),
        (builtins.HexBinary(), b"\x00\xff", "00FF"),
        (builtins.String(), Level.LOW, "3"),
        (builtins.String(), UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (builtins.Duration(), timedelta(days=1, seconds=2), "P1DT2S"),
        (builtins.NmTokens(), ["a", "b"], "a b"),
        (ListType(builtins.Integer()), [1, "2"], "1 2"),
        (ListType(builtins.Integer()), 1, "1"),
        (UnionType([builtins.Integer(), builtins.Boolean()]), "true", "true"),
        (None, 1.5, "1.5"),
    ],
)
def test_a_value_has_a_text(xsd_type: Any, value: Any, text: str) -> None:
    """For every type of Python that endpoints are given."""
    assert format_scalar(xsd_type, value) == text


@pytest.mark.parametrize(
    ("xsd_type", "value", "told"),
    [
        (builtins.Integer(), 7.5, "is not an integer"),
        (builtins.Integer(), "s3cret", "is not an integer"),
        (builtins.Decimal(), float("nan"), "is not a decimal number"),
        (builtins.Boolean(), "yes", "is not a boolean"),
        (builtins.String(), ["s3cret"], "takes one value, and a list is given"),
        (builtins.String(), {"a": "s3cret"}, "is one value and has no elements, but a is given"),
        (builtins.String(), b"\xff", "is not text"),
        (builtins.String(), object(), "cannot be of Python's type object"),
        (UnionType([builtins.Integer(), builtins.Boolean()]), "s3cret", "is not a boolean"),
    ],
)
def test_what_has_no_text_is_refused(xsd_type: Any, value: Any, told: str) -> None:
    """The reason never holds the value."""
    with pytest.raises(ValueError, match=told) as caught:
        format_scalar(xsd_type, value)
    assert "s3cret" not in str(caught.value)
