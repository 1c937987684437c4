"""Choices and repeated groups of messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.soap.errors import RequestMismatch
from tests.connectors.soap.shapes import encode, is_valid, list_texts, load_method, write_wsdl

CHOICE = """<xs:choice><xs:element name="id" type="xs:int"/><xs:sequence><xs:element name="name" type="xs:string"/>
<xs:element name="city" type="xs:string" minOccurs="0"/></xs:sequence><xs:sequence><xs:element name="mail" type="xs:string"/>
<xs:element name="zone" type="xs:string"/></xs:sequence></xs:choice>"""


@pytest.mark.parametrize(
    "message",
    [{"id": 1}, {"name": "n"}, {"city": "c", "name": "n"}, {"zone": "z", "mail": "m"}, {"id": None, "name": "n"}],
)
async def test_each_branch_of_a_choice_can_be_sent(tmp_path: Path, message: dict[str, Any]) -> None:
    """Also the second and the third, and with nulls for the others, as inputs of a frontend have."""
    method = await load_method(tmp_path, write_wsdl("", CHOICE))
    node = encode(method, message)
    assert is_valid("", CHOICE, node)
    assert {name for name, _ in list_texts(node)} == {name for name, value in message.items() if value is not None}


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ({"id": 1, "name": "n"}, "Ask takes only one of id, name with city, mail with zone, and id, name are given"),
        ({"mail": "m"}, 'Ask needs "zone"'),
        ({"zone": "z", "city": "c"}, "Ask takes only one of"),
    ],
)
async def test_two_branches_and_half_of_one_are_refused(tmp_path: Path, message: dict[str, Any], told: str) -> None:
    """Nothing of what was given is dropped."""
    method = await load_method(tmp_path, write_wsdl("", CHOICE))
    with pytest.raises(RequestMismatch, match=told):
        encode(method, message)


async def test_a_choice_of_groups_needs_one(tmp_path: Path) -> None:
    """Where a branch is a single element, zeep does not keep whether it may be absent, and nothing is refused."""
    method = await load_method(tmp_path, write_wsdl("", CHOICE.replace('<xs:element name="id" type="xs:int"/>', "")))
    with pytest.raises(RequestMismatch, match="Ask needs one of name with city, mail with zone"):
        encode(method, {})


REPEATED = """<xs:sequence minOccurs="0" maxOccurs="unbounded"><xs:element name="from" type="xs:int"/>
<xs:element name="until" type="xs:int" minOccurs="0"/></xs:sequence>"""
MIXED = """<xs:choice maxOccurs="unbounded"><xs:element name="add" type="xs:int"/><xs:element name="drop" type="xs:int"/>
</xs:choice>"""


@pytest.mark.parametrize(
    ("inside", "message", "texts"),
    [
        (REPEATED, {"from": [1, 3], "until": [2, 4]}, "from1 until2 from3 until4"),
        (REPEATED, {"from": [1, 3], "until": 2}, "from1 until2 from3"),
        (REPEATED, {"_value_1": [{"from": 1}, {"from": 3, "until": 4}]}, "from1 from3 until4"),
        (REPEATED, {}, ""),
        (MIXED, {"add": [1, 2], "drop": 3}, "add1 add2 drop3"),
        (MIXED, {"_value_1": [{"add": 1}, {"drop": 3}, {"add": 2}]}, "add1 drop3 add2"),
    ],
)
async def test_repeated_groups(tmp_path: Path, inside: str, message: dict[str, Any], texts: str) -> None:
    """Lists by name, as replies have them, or the rounds in their order under `_value_1`."""
    method = await load_method(tmp_path, write_wsdl("", inside))
    node = encode(method, message)
    assert " ".join(f"{name}{text}" for name, text in list_texts(node)) == texts
    assert is_valid("", inside, node)


async def test_an_optional_group_is_whole_or_absent(tmp_path: Path) -> None:
    """One of its elements alone is refused."""
    inside = """<xs:sequence minOccurs="0"><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/>
    </xs:sequence>"""
    method = await load_method(tmp_path, write_wsdl("", inside))
    assert list_texts(encode(method, {})) == []
    assert list_texts(encode(method, {"b": 2, "a": 1})) == [("a", "1"), ("b", "2")]
    with pytest.raises(RequestMismatch, match='Ask needs "a"'):
        encode(method, {"b": 2})
