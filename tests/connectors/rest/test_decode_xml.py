"""XML as plain data, by a mapping that the guide describes; nothing outside of it is fetched."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply
from connectors.rest.decode_xml import read_xml
from connectors.rest.replies import xml

create_error = partial(UpstreamBadReply, Operation(upstream="shop", name="GET /"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<a><id>1</id><name>Ann</name></a>", {"id": "1", "name": "Ann"}),
        ("<a><b>1</b><b>2</b></a>", {"b": ["1", "2"]}),
        ("<a><b>1</b><c/><b>2</b><b>3</b></a>", {"b": ["1", "2", "3"], "c": ""}),
        ("<a><item>1</item></a>", {"item": ["1"]}),
        ('<a id="7"><b x="1">t</b><c y="2"/></a>', {"@id": "7", "b": {"@x": "1", "#text": "t"}, "c": {"@y": "2"}}),
        ("<a>2.4</a>", "2.4"),
        ("<a/>", ""),
        ("<a>\n  <b>\n </b>\n</a>", {"b": ""}),
        ("<a><b>true</b><c>false</c><d>True</d></a>", {"b": True, "c": False, "d": "True"}),
        ("<a>one <b>two</b> three</a>", {"b": "two", "#text": "one three"}),
        (
            '<n:a xmlns:n="urn:n" xmlns="urn:d"><n:b>1</n:b><b n:q="2">2</b></n:a>',
            {"b": ["1", {"@q": "2", "#text": "2"}]},
        ),
        (
            '<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><b i:nil="true"/><c i:nil="1" x="2"/></a>',
            {"b": None, "c": {"@x": "2"}},
        ),
        ("<a><!-- c --><?p i?><b><![CDATA[<x>]]></b>&amp;&#233;</a>", {"b": "<x>", "#text": "&é"}),
        ("<?xml version='1.0'?>\n<a><b>é</b></a>", {"b": "é"}),
    ],
)
def test_what_becomes_of_elements(content: str, expected: Any) -> None:
    """Texts, mappings, lists, attributes, nil, mixed content, namespaces."""
    assert read_xml(content.encode(), xml(lists=("item",)), 10, create_error) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<a><b></a>", "line 1"),
        ("<a>&x;</a>", "line 1"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "DTD"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DTD"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x"><a/>', "XML"),
        ("<a>" * 11 + "</a>" * 11, "10 levels"),
        ("<a>" * 5000, "XML"),
        ("<a/>x", "line 1"),
    ],
)
def test_what_is_refused(content: str, reason: str) -> None:
    """With the line, and without its words."""
    with pytest.raises(UpstreamBadReply, match=reason):
        read_xml(content.encode(), xml(), 10, create_error)


def test_a_text_that_xml_does_not_allow_is_lost_alone() -> None:
    """Bytes that are not UTF-8, control characters, references to them."""
    content = b'<a x="\xff"><b>caf\xc3</b><c>\x0b</c><d>&#1;</d><e>&#233;</e></a>'
    value = read_xml(content, xml(), 10, create_error)
    assert value.pop("e") == "\xe9"
    assert {name: type(each) for name, each in value.items()} == dict.fromkeys(("@x", "b", "c", "d"), UpstreamBadReply)
