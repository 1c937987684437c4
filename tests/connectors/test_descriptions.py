"""Types of descriptions, compared with what authors write and with paths."""

from __future__ import annotations

import pytest

from connectors.descriptions import ANYTHING, DataType, check_written, follow_path, list_of
from connectors.errors import DefinitionError
from connectors.messages.paths import parse_path

TEXT = DataType(name="text", scalar="text")
INNER = DataType(name="Inner", fields=lambda: {"a": TEXT, "x.y": TEXT})
OUTER = DataType(
    name="Outer",
    fields=lambda: {
        "id": DataType(name="ID", scalar="text", is_required=True),
        "color": DataType(name="Color", scalar="text", values=("RED",)),
        "inner": INNER,
        "items": list_of(INNER),
        "self": OUTER,
        "free": ANYTHING,
    },
)


@pytest.mark.parametrize(("path", "name"), [
    ("inner.a", "text"), ("items.0.a", "text"), ("items[].a", "a list of text"), ("self.self.id", "ID"),
    ("free.whatever", "anything"), ("inner.x.y", "text"), ("items[]", "a list of Inner"),
])  # fmt: skip
def test_paths(path: str, name: str) -> None:
    """Through records, lists, types that contain themselves, and what is not known."""
    assert follow_path(OUTER, parse_path(path)).name == name


@pytest.mark.parametrize(("path", "expected"), [
    ("inner.b", 'Inner has no "b"; it has a, x.y'), ("itmes", 'did you mean "items"?'),
    ("items.a", 'is a list and has no "a"'), ("id.a", 'ID has no "a"'),
])  # fmt: skip
def test_paths_that_lead_nowhere(path: str, expected: str) -> None:
    """With what there is instead."""
    with pytest.raises(DefinitionError, match="has") as raised:
        follow_path(OUTER, parse_path(path))
    assert expected in str(raised.value)


def test_written_messages() -> None:
    """Names, enums, required fields; and the types of the places that parameters fill."""
    use = check_written(
        {"id": "{id}", "inner": {"a": "x{b}"}, "items": [{"a": "{c}"}], "free": {"z": ["{d}"]}}, OUTER, "m"
    )
    assert use.problems == ()
    assert {name: each.name for name, each in use.parameters.items()} == {
        "id": "ID", "b": "anything", "c": "text", "d": "anything",
    }  # fmt: skip
    problems = check_written({"colour": 1, "color": "BLUE", "inner": [1]}, OUTER, "m").problems
    assert problems == (
        'm: Outer has no field "colour"; did you mean "color"?',
        'm.color is Color, which has no value "BLUE"; it has RED',
        "m.inner is Inner, and a list is sent",
        'm: Outer needs the field "id"',
    )
