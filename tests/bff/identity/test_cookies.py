"""One cookie among others."""

from __future__ import annotations

import pytest

from bff.identity.cookies import read_cookie


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=1", "1"),
        ("b=2; a=1; c=3", "1"),
        ("a=1; a=2", "1"),
        ('a="1"', "1"),
        ("a=x=y", "x=y"),
        ("aa=1; ba=2", None),
        ("A=1", None),
        ("a", ""),
        (";;;", None),
        ("", None),
    ],
)
def test_the_value_of_a_cookie(header: str, value: str | None) -> None:
    """The first of its name."""
    assert read_cookie({"cookie": header}, "a") == value


def test_a_request_without_cookies() -> None:
    """Has none."""
    assert read_cookie({}, "a") is None
