"""Replies in several parts: MTOM and attachments."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Call
from connectors.errors import UpstreamBadReply
from connectors.soap.decode.envelope import parse_xml
from connectors.soap.decode.multipart import include_attachments, split_parts
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.soap.books import library
from tests.connectors.soap.world import connected, envelope, stock


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
    _, attachments, *_ = split_parts(content, "multipart/related; boundary=uuid-1")
    root = parse_xml(b'<x><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:p"/></x>')
    include_attachments(root, attachments, 1000)
    assert base64.b64decode(root.text or "") == data
