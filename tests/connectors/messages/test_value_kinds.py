"""Words for values."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.messages.value_kinds import describe_kind


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "a boolean"),
        (7, "a number"),
        (7.5, "a number"),
        ("x", "a string"),
        ({}, "an object"),
        ([], "a list"),
        ((), "a list"),
        (b"", "another value"),
    ],
)
def test_kinds(value: Any, words: str) -> None:
    """Those of JSON, without names of Python."""
    assert describe_kind(value) == words
