"""What an operation selects at one place of its answer."""

from __future__ import annotations

from typing import Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from bff.engine.incremental.selection import Selection


def selection(text: str) -> Selection:
    definitions = parse(text).definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    return Selection([operations[0].selection_set], fragments)


DATA: Any = {"item": {"id": 1, "name": "a", "parts": [{"id": 2, "name": "b"}, None]}, "other": 3}


def test_what_is_selected_of_a_value() -> None:
    """By response keys, in the order of the document, through lists and nulls; what is not there yet is left out."""
    picked = selection("{ item { name parts { id } missing } }").pick(DATA)
    assert picked == {"item": {"name": "a", "parts": [{"id": 2}, None]}}


def test_aliases_and_fragments_count() -> None:
    """A fragment that is spread twice is looked at once, so that cycles of data do no harm."""
    text = "{ item { ...F ...F } item { parts { name } } } fragment F on Item { ... { id } }"
    assert selection(text).pick(DATA) == {"item": {"id": 1, "parts": [{"name": "b"}, None]}}


def test_the_fields_of_a_deferred_fragment_by_its_label() -> None:
    """With those of every fragment of the label at that place."""
    text = '{ item { id ... @defer(label: "l") { name } ...F @defer } } fragment F on Item { parts { id } }'
    inside = selection(text).select_field("item")
    assert inside.select_fragments("l").pick(DATA["item"]) == {"name": "a"}
    assert inside.select_fragments(None).pick(DATA["item"]) == {"parts": [{"id": 2}, None]}
    assert inside.select_fragments("none") is inside.select_fragments("none")
