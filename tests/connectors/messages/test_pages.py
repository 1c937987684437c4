"""What lists in pages share over protocols."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import DefinitionError, UpstreamTimeout
from connectors.messages.pages import Limits, check_limits, name_page, replace_items, too_many_pages

OPERATION = Operation(upstream="shop", name="list")


@pytest.mark.parametrize(
    ("data", "path", "made"),
    [
        ({"items": [1], "total": 3}, ("items",), {"items": [9], "total": 3}),
        ([1], (), [9]),
        ({}, ("a", "b"), {"a": {"b": [9]}}),
        ({"a.b": [1]}, ("a", "b"), {"a.b": [9]}),
        (None, ("items",), {"items": [9]}),
    ],
)
def test_the_list_of_all_pages_replaces_that_of_the_first(data: Any, path: tuple[str, ...], made: Any) -> None:
    """In a copy."""
    before = repr(data)
    assert replace_items(data, path, [9]) == made
    assert repr(data) == before


def test_limits_and_errors() -> None:
    """As authors and logs see them."""
    assert check_limits(3, "cut") == Limits(3, is_cut=True)
    for most, on_limit in ((0, "cut"), (1, "drop")):
        with pytest.raises(DefinitionError):
            check_limits(most, on_limit)
    assert "max_pages=3" in str(too_many_pages(OPERATION, 3))
    named = name_page(UpstreamTimeout(OPERATION, "late"), 4)
    assert (type(named), str(named)) == (UpstreamTimeout, "shop: list: page 4: late")
