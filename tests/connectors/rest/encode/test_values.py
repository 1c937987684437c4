"""Values as text in URLs, forms and headers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rest.encode.url import UrlTemplate
from connectors.rest.encode.values import encode_form, encode_query, format_value, format_values, quote_values


class Color(Enum):
    RED = "red"
    TWO = 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (7, "7"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        (Decimal("1.50"), "1.50"),
        (Color.RED, "red"),
        (Color.TWO, "2"),
        (date(2026, 11, 29), "2026-11-29"),
        (datetime(2026, 11, 29, 12, 30, tzinfo=UTC), "2026-11-29T12:30:00+00:00"),
        (time(12, 30), "12:30:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_has_one_text(value: Any, text: str) -> None:
    """The text that JSON and ISO 8601 have for it."""
    assert format_value(value) == text


@pytest.mark.parametrize("value", [{"a": 1}, b"bytes", object()])
def test_what_has_no_text_is_refused(value: Any) -> None:
    """A dict in a URL is a mistake, not `%7B%27a...`."""
    with pytest.raises(ValueError, match="cannot be written"):
        UrlTemplate("/p?q={q}").fill({"q": value})


def test_lists_have_a_text_for_each_value() -> None:
    """None is no value, in a list and alone."""
    assert format_values([1, None, "b"]) == ["1", "b"]
    assert format_values(None) == []
    assert format_values("ab") == ["ab"]
    assert quote_values([1, 20]) == ["1", "20"]
    assert quote_values(["a/b", True]) == ["a%2Fb", "true"]


def test_a_form_repeats_the_names_of_lists() -> None:
    """A space is %20; None is left out."""
    assert encode_form({"id": [1, 2], "q": "a b", "none": None}) == b"id=1&id=2&q=a%20b"


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_every_parser_reads_the_pairs_back(pairs: list[tuple[str, str]]) -> None:
    """Whatever characters are in them."""
    assert parse_qsl(encode_query(pairs), keep_blank_values=True) == pairs
