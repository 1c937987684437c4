"""rpc/literal, rpc/encoded with references and arrays, and replies in several parts."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Call
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamBadReply
from connectors.soap.decode.envelope import parse_xml
from connectors.soap.decode.multipart import include_attachments, split_parts
from connectors.soap.endpoints import soap
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.soap.world import BOOKS, answered, body_of, connected, envelope, stock, texts

library = soap("warehouse")
FIND = {"title": "{title}", "limit": "{limit}"}
find = library.call("Find", message=FIND)
find_encoded = library.call("Find", message=FIND, port="EncodedPort")
books = library.call("List", at="books")


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def data_of(http: HttpWorld, inside: str, endpoint: Endpoint = find) -> Any:
    http.answer = lambda _: answered(inside)
    arguments = {"title": "A", "limit": 2} if endpoint.parameters else {}
    async with connected(http, BOOKS) as connector:
        return (await connector.send(Call(operation=endpoint.operation, arguments=arguments))).data


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
    assert reply.pointed(()).data == reply.data == {"book": None, "total": 2}


async def test_soap_encoded_arrays_are_lists(http: HttpWorld) -> None:
    """What readers do not cover is read by zeep, with the same outcome."""
    array = (
        '<books xmlns:e="http://schemas.xmlsoap.org/soap/encoding/" e:arrayType="b:Book[2]" xmlns:b="urn:books">'
        "<item><title>A</title><pages>9</pages></item><item><title>B</title><pages>7</pages></item></books>"
    )
    data = await data_of(http, f'<r:ListResponse xmlns:r="urn:books">{array}</r:ListResponse>', books)
    assert data == {
        "books": [{"title": "A", "pages": 9, "next": None}, {"title": "B", "pages": 7, "next": None}],
    }


async def test_what_zeep_cannot_read_is_a_bad_reply(http: HttpWorld) -> None:
    """Its exceptions stay inside."""
    with pytest.raises(UpstreamBadReply, match="zeep cannot read it"):
        await data_of(http, '<r:ListResponse xmlns:r="urn:books"><booms/></r:ListResponse>', books)


def parts(*contents: tuple[str, bytes], boundary: str = "uuid-1") -> bytes:
    body = b""
    for head, content in contents:
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


PHOTO = bytes(range(256)) + b"\r\n--uuid\r\n\n"


async def test_mtom_puts_binary_data_back_into_the_xml(http: HttpWorld) -> None:
    """XOP 1.0: the include element stands for the part of that content id."""
    xop = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:photo%401"/>'
    root = envelope(stock(f"<t:Photo>{xop}</t:Photo>"))
    content = parts(
        ("content-type: image/png\r\ncontent-transfer-encoding: binary\r\ncontent-id: <photo@1>", PHOTO),
        ("content-type: application/xop+xml; charset=utf-8\r\ncontent-id: <root>", root),
    )
    kind = 'multipart/related; boundary="uuid-1"; start="<root>"; type="application/xop+xml"'
    http.answer = lambda _: response(content, content_type=kind)
    async with connected(http) as connector:
        reply = await connector.send(Call(operation=library.call("GetStock", Sku="T").operation))
    assert base64.b64decode(reply.data["Photo"]) == PHOTO


async def test_attachments_that_nothing_refers_to_are_left_out(http: HttpWorld) -> None:
    """SOAP with attachments: the first part is the envelope."""
    content = parts(("content-type: text/xml", envelope(stock(""))), ("content-id: <x>", b"noise"))
    http.answer = lambda _: response(content, content_type="multipart/related; boundary=uuid-1")
    async with connected(http) as connector:
        reply = await connector.send(Call(operation=library.call("GetStock", Sku="T").operation))
    assert reply.data["Quantity"] == 7


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"no parts at all", "multipart/related; boundary=uuid-1"),
        (b"", 'multipart/related; boundary=""'),
        (parts(("a: b", b"<x")), "multipart/related"),
        (
            parts(("a: b", b'<x><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:1"/></x>')),
            "multipart/related; boundary=uuid-1",
        ),
    ],
    ids=["no parts", "empty", "no boundary", "missing part"],
)
async def test_broken_multipart_is_a_bad_reply(http: HttpWorld, content: bytes, kind: str) -> None:
    """Whatever the parser of the standard library makes of it."""
    http.answer = lambda _: response(content or b" ", content_type=kind)
    async with connected(http) as connector:
        with pytest.raises(UpstreamBadReply):
            await connector.send(Call(operation=library.call("GetStock", Sku="T").operation))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_attachments_arrive_byte_for_byte(data: bytes) -> None:
    """Line ends of every kind, and bytes that no text has."""
    content = parts(("content-id: <root>", b"<x/>"), ("content-transfer-encoding: binary\r\ncontent-id: <p>", data))
    _, attachments = split_parts(content, "multipart/related; boundary=uuid-1")
    root = parse_xml(b'<x><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:p"/></x>')
    include_attachments(root, attachments)
    assert base64.b64decode(root.text or "") == data
