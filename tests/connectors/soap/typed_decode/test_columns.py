"""Children and texts of many XML elements at once are those of one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from connectors.forms import Unfit
from connectors.soap.typed_decode.columns import (
    find_single_children,
    has_attributes,
    make_list_column,
    make_single_column,
    read_texts,
)

ROOT = etree.fromstring("<r><i><a>1</a><b>x</b><a>2</a></i><i/><i><a>3</a><c><a>deep</a></c></i></r>")
ITEMS = list(ROOT)


def texts(root: Any, elements: Any) -> list[Any]:
    return list(read_texts(elements))


def test_a_single_child() -> None:
    """None where there is none; children further down are not children; two are for the plain reading to report."""
    assert make_single_column(texts, ("b",))(ROOT, ITEMS) == ["x", None, None]
    assert make_single_column(texts, ("a",))(ROOT, ITEMS[1:]) == [None, "3"]
    for elements in (ITEMS, ITEMS[:1]):
        with pytest.raises(Unfit):
            make_single_column(texts, ("a",))(elements[0], elements)
    assert [child is not None for child in find_single_children(ROOT, ITEMS, ("b",))] == [True, False, False]


def test_all_children_are_a_list() -> None:
    """In the order of the document."""
    assert make_list_column(texts, ("a",))(ROOT, ITEMS) == [["1", "2"], [], ["3"]]
    assert make_list_column(texts, ("a", "b"))(ITEMS[0], ITEMS[:1]) == [["1", "x", "2"]]


def test_attributes() -> None:
    """Asked for all at once, because nearly no element has any."""
    assert not has_attributes(ITEMS)
    assert has_attributes([*ITEMS, etree.fromstring("<i x='1'/>")])
