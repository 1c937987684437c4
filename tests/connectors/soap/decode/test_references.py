"""rpc/literal and rpc/encoded replies: values that are written once and referred to."""

from __future__ import annotations

import pytest
from lxml import etree

from connectors.contract import Call
from connectors.soap.decode.elements import Undecodable
from connectors.soap.decode.references import has_shared_values, resolve_references
from tests.connectors.http_world import HttpWorld
from tests.connectors.soap.books import data_of, find_encoded
from tests.connectors.soap.world import BOOKS, answered, body_of, connected, texts


async def test_rpc_literal(http: HttpWorld) -> None:
    """Parts are named parameters in a wrapper named like the operation; the data is the parts of the answer."""
    inside = (
        '<r:AnyNameResponse xmlns:r="urn:books"><book><title>A</title><pages>9</pages></book>'
        "<total>1</total></r:AnyNameResponse>"
    )
    data = await data_of(http, inside)
    assert data == {"book": {"title": "A", "pages": 9, "next": None}, "total": 1}
    sent = body_of(http.requests[-1])
    assert sent.tag == "{urn:books}Find"
    assert texts(sent) == [("title", "A"), ("limit", "2")]


async def test_rpc_encoded_with_types_on_everything_and_references(http: HttpWorld) -> None:
    """A value that is told once and referred to is read where it is referred to, as often as it is."""
    inside = (
        '<r:FindResponse xmlns:r="urn:books"><book href="#a"/><total xsi:type="xsd:int">2</total></r:FindResponse>'
        '<multiRef id="a" xsi:type="b:Book" xmlns:b="urn:books"><title xsi:type="xsd:string">A</title>'
        '<pages xsi:type="xsd:int">9</pages><next href="#b"/></multiRef>'
        '<multiRef id="b"><title>B</title><pages href="#c"/></multiRef><multiRef id="c" xsi:type="xsd:int">7</multiRef>'
    )
    last = {"title": "B", "pages": 7, "next": None}
    assert await data_of(http, inside, find_encoded) == {"book": {"title": "A", "pages": 9, "next": last}, "total": 2}


async def test_a_reply_can_be_read_twice(http: HttpWorld) -> None:
    """Copies of a shared reply read the same element; reading does not change it."""
    http.answer = lambda _: answered(
        '<r:FindResponse xmlns:r="urn:books"><total href="#t"/></r:FindResponse><m id="t">2</m>'
    )
    async with connected(http, BOOKS) as connector:
        call = Call(operation=find_encoded.operation, arguments={"title": "A", "limit": 1})
        reply = await connector.send(call)
    assert reply.point_at(()).data == reply.data == {"book": None, "total": 2}


def test_a_body_without_references_stays_itself() -> None:
    """And one with them is copied."""
    plain = etree.fromstring("<b><x/></b>")
    shared = etree.fromstring('<b><x href="#a"/><m id="a">1</m></b>')
    assert not has_shared_values(plain)
    assert resolve_references(plain) is plain
    assert has_shared_values(shared)
    resolved = resolve_references(shared)
    assert resolved is not shared
    assert resolved[0].text == "1"
    assert shared[0].text is None


def test_a_value_that_contains_itself_is_refused() -> None:
    """As are references that would fill the memory."""
    with pytest.raises(Undecodable, match="more elements than are accepted"):
        resolve_references(etree.fromstring('<b><x href="#a"/><m id="a"><y href="#a"/></m></b>'))
