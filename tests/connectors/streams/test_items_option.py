"""`items=` of a stream."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import DefinitionError
from connectors.streams.items_option import read_items


@pytest.mark.parametrize(
    ("written", "paths", "expected"),
    [
        (None, [], None),
        (None, [()], None),
        (None, [("sym",)], ()),
        (None, [(), ("data", "p")], ()),
        (None, [("0",)], None),
        (None, [("-1",), ("sym",)], None),
        (True, [], ()),
        (False, [("sym",)], None),
        ("data.list", [("0",)], ("data", "list")),
        (("a.b",), [], ("a.b",)),
    ],
)
def test_where_the_events_of_a_message_are(written: Any, paths: list[tuple[str, ...]], expected: Any) -> None:
    """As written, else by what the paths of the endpoint lead into."""
    assert read_items(written, *paths) == expected


@pytest.mark.parametrize("written", ["a..b", "a[]", 7])
def test_what_is_no_path(written: Any) -> None:
    """It is refused with the author's line."""
    with pytest.raises(DefinitionError, match="items"):
        read_items(written)
