"""Tests of paths: the one syntax in which authors name a part of the data."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamFailed
from connectors.messages.paths import EACH, PathOption, at_path, format_path, parse_path, split_at_list


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        ("name", ("name",)),
        ("author.name", ("author", "name")),
        ("items.0", ("items", "0")),
        ("items.-1.id", ("items", "-1", "id")),
        ("@odata.nextLink", ("@odata", "nextLink")),
        (r"cfg\.name", ("cfg.name",)),
        (r"labels.app\.io/name", ("labels", "app.io/name")),
        (r"back\\slash", ("back\\slash",)),
        (r"ids\[\]", ("ids[]",)),
        ("entry[].resource", ("entry", EACH, "resource")),
        ("rows[]", ("rows", EACH)),
        ("rows[][].id", ("rows", EACH, EACH, "id")),
        ("[].id", (EACH, "id")),
        (r"a\.b[].c", ("a.b", EACH, "c")),
        ("größe.日本", ("größe", "日本")),
        (("labels", "app.io/name"), ("labels", "app.io/name")),
        (("a[]", "b\\"), ("a[]", "b\\")),
    ],
)
def test_a_path_has_steps(written: PathOption, steps: tuple[str, ...]) -> None:
    """And is written back as a path with the same steps."""
    assert parse_path(written) == steps
    assert parse_path(format_path(steps)) == steps


@pytest.mark.parametrize(
    "written",
    ["", ".", ".a", "a.", "a..b", "a.[]", "a[]b", "a[0]", "a]", "[", r"a\b", "a\\", "\0", ("",), ("a", 1), 7, None],
)
def test_a_text_that_is_no_path_is_refused(written: Any) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=r"has |is "):
        parse_path(written)


BUNDLE = {
    "entry": [{"resource": {"id": 1}}, {"resource": {"id": 2}}, {}],
    "@odata.nextLink": "u",
    "n": {"x.y": {"z": 3}},
}


@pytest.mark.parametrize(
    ("data", "written", "value"),
    [
        (BUNDLE, "entry.1.resource.id", 2),
        (BUNDLE, "entry.-1", {}),
        (BUNDLE, "entry.7", None),
        (BUNDLE, "entry.--1", None),
        (BUNDLE, "entry.²", None),
        (BUNDLE, "entry[].resource", [{"id": 1}, {"id": 2}, None]),
        (BUNDLE, "entry[].resource.id", [1, 2, None]),
        (BUNDLE, "@odata.nextLink", "u"),
        (BUNDLE, "n.x.y.z", 3),
        (BUNDLE, r"n.x\.y.z", 3),
        (BUNDLE, "absent[].x", None),
        (BUNDLE, "absent.x.y", None),
        ({"cfg.name": 1, "cfg": {"name": 2}}, "cfg.name", 2),
        ({"cfg.name": 1, "cfg": {}}, "cfg.name", None),
        ({"cfg.name": 1, "cfg": {}}, r"cfg\.name", 1),
        ({"a": [{"b": [{"c": 1}, {"c": 2}]}, {}, {"b": []}, {"b": [{"c": 3}]}]}, "a[].b[].c", [1, 2, 3]),
        ({"a": [{"b": [1, 2]}, {"b": [3]}]}, "a[].b", [[1, 2], [3]]),
        ({"a": [{"b": [1, 2]}, {"b": [3]}]}, "a[].b[]", [1, 2, 3]),
        ({"a": [[1], [2, 3]]}, "a[][]", [1, 2, 3]),
        ({"a": {"b": 1}}, "a[].b", [1]),
        ([{"id": 1}], "[].id", [1]),
        ({"a": None}, "a.b", None),
        ({"a": "text"}, "a.b", None),
        (UserDict({"a": UserDict({"b": 1})}), "a.b", 1),
        (None, "a", None),
    ],
)
def test_what_stands_at_a_path(data: Any, written: str, value: Any) -> None:
    """Names, indexes, each item of lists, and names with dots."""
    assert at_path(data, parse_path(written)) == value


def test_an_exception_on_the_way_is_what_stands_there() -> None:
    """The upstream failed to give what the rest of the path is a part of."""
    failure = UpstreamFailed(Operation(upstream="shop", name="read"), "down")
    assert at_path({"a": failure}, ("a", "b")) is failure
    assert at_path({"a": [{"b": 1}, failure]}, ("a", EACH, "b")) == [1, failure]


def test_a_path_is_split_at_the_first_list() -> None:
    """Where a list that comes in pages is put together."""
    assert split_at_list(parse_path("a.b[].c[]")) == (("a", "b"), (EACH, "c", EACH))
    assert split_at_list(("a",)) == (("a",), ())
