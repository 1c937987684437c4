"""Children and texts of many XML elements at once are those of one after the other."""

from __future__ import annotations

from typing import Any

from lxml import etree

from connectors.soap.typed_decode.columns import (
    find_last_children,
    has_attributes,
    make_list_column,
    make_single_column,
    read_texts,
)

ROOT = etree.fromstring("<r><i><a>1</a><b>x</b><a>2</a></i><i/><i><a>3</a><c><a>deep</a></c></i></r>")
ITEMS = list(ROOT)


def texts(root: Any, elements: Any) -> list[Any]:
    return list(read_texts(elements))


def test_the_last_child_counts() -> None:
    """None where there is none; children further down are not children."""
    assert make_single_column(texts, ("a",))(ROOT, ITEMS) == ["2", None, "3"]
    assert make_single_column(texts, ("a",))(ITEMS[0], ITEMS[:1]) == ["2"]
    assert [child is not None for child in find_last_children(ROOT, ITEMS, ("b",))] == [True, False, False]


def test_all_children_are_a_list() -> None:
    """In the order of the document."""
    assert make_list_column(texts, ("a",))(ROOT, ITEMS) == [["1", "2"], [], ["3"]]
    assert make_list_column(texts, ("a", "b"))(ITEMS[0], ITEMS[:1]) == [["1", "x", "2"]]


def test_attributes() -> None:
    """Asked for all at once, because nearly no element has any."""
    assert not has_attributes(ITEMS)
    assert has_attributes([*ITEMS, etree.fromstring("<i x='1'/>")])
