"""XML without a type as plain Python; nothing of it is left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from connectors.soap.decode.anything import decode_anything


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        ("<a/>", None),
        ("<a>7</a>", "7"),
        ("<a><b>7</b></a>", {"b": "7"}),
        ("<a><b>7</b><b/><c>8</c></a>", {"b": ["7", None], "c": "8"}),
        ("<a x='1' y:z='2' xmlns:y='urn:y'/>", {"@x": "1", "@z": "2"}),
        ("<a x='1'>words</a>", {"@x": "1", "_value_1": "words"}),
        ("<a>one<b/>two</a>", {"b": None, "_value_1": "onetwo"}),
        ("<a xmlns='urn:a'><b xmlns=''>7</b></a>", {"b": "7"}),
        ('<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="x">7</a>', "7"),
    ],
)
def test_elements_attributes_and_texts(xml: str, value: Any) -> None:
    """By local names; a list where a name is repeated."""
    assert decode_anything(etree.fromstring(xml)) == value


WORD = st.from_regex(r"[a-z]{1,3}[0-9]{3}", fullmatch=True)
TREE = st.recursive(WORD, lambda inner: st.lists(st.tuples(WORD, inner), min_size=1, max_size=3), max_leaves=8)


@given(TREE)
def test_no_name_and_no_text_is_lost(tree: Any) -> None:
    """Whatever is in the XML is in the value."""

    def write(value: Any) -> str:
        return value if isinstance(value, str) else "".join(f"<{n} k='{n}x'>{write(v)}</{n}>" for n, v in value)

    def words(value: Any) -> set[str]:
        return {value} if isinstance(value, str) else {w for n, v in value for w in (n, f"{n}x", *words(v))}

    shown = repr(decode_anything(etree.fromstring(f"<root>{write(tree)}</root>")))
    assert all(word in shown for word in words(tree))
