"""Texts of XSD simple types as plain Python."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.soap.decode.scalars import convert_all, get_converter, get_result_type, keeps_empty
from connectors.soap.schema_zeep import builtins


def named(name: str) -> Any:
    return getattr(builtins, name)()


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("Integer", " +7 ", 7),
        ("Long", "9" * 30, int("9" * 30)),
        ("Double", "1e3", 1000.0),
        ("Float", "-INF", float("-inf")),
        ("Boolean", "1", True),
        ("Decimal", " 9.90 ", "9.90"),
        ("Date", " 2030-01-31 ", "2030-01-31"),
        ("Base64Binary", "YW\n Jj", "YWJj"),
        ("String", " a ", " a "),
        ("NormalizedString", "a\tb", "a b"),
        ("Token", " a  b ", "a b"),
        ("NmTokens", " a  b ", ["a", "b"]),
    ],
)
def test_values(type_: str, text: str, value: Any) -> None:
    """A decimal stays text, because a float would lose digits of money."""
    assert get_converter(named(type_))(text) == value


@pytest.mark.parametrize(
    ("type_", "text", "reason"),
    [
        ("Integer", "s3cret", "is not an integer"),
        ("Integer", "9" * 5000, "too many digits"),
        ("Decimal", "1e3", "is not a decimal number"),
        ("Double", "inf", "is not a number"),
        ("Boolean", "yes", "is not a boolean"),
    ],
)
def test_texts_that_do_not_fit(type_: str, text: str, reason: str) -> None:
    """The reason does not repeat the text."""
    with pytest.raises(ValueError, match=reason) as caught:
        get_converter(named(type_))(text)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("type_", ["Integer", "String", "Token", "Double", "Decimal"])
@pytest.mark.parametrize("texts", [["1"], ["1", " 2 "], ["1", None], ["12", "3"]])
def test_many_at_once_are_as_one_by_one(type_: str, texts: list[str | None]) -> None:
    """The fast ways give the same values."""
    convert = get_converter(named(type_))
    assert convert_all(convert, texts) == [None if text is None else convert(text) for text in texts]


def test_results_and_empty_texts() -> None:
    """Only an empty string is a value."""
    kinds = {"Integer": int, "Double": float, "Boolean": bool, "Decimal": str, "NmTokens": None}
    assert {name: get_result_type(get_converter(named(name))) for name in kinds} == kinds
    assert keeps_empty(named("Token"))
    assert not keeps_empty(named("Integer"))
