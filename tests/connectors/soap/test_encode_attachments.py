"""Binary data beside the envelope: MTOM by choice, swaRef by type; read back as a reply would be."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.soap.decode.multipart import include_attachments, split_parts
from connectors.soap.encode import encode_message
from connectors.soap.errors import RequestMismatch
from tests.connectors.soap.shapes import load_method, write_wsdl

FILE = '<xs:element name="file" type="xs:base64Binary" maxOccurs="2"/><xs:element name="name" type="xs:string"/>'
REFERENCE = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:i"><xs:import
namespace="http://ws-i.org/profiles/basic/1.1/xsd"/></xs:schema>"""
DATA = b"\x00\r\n--x\xff"


@pytest.mark.parametrize("value", [DATA, base64.b64encode(DATA).decode()])
@pytest.mark.parametrize("version", ["", "12"])
async def test_mtom_sends_binary_data_as_parts(tmp_path: Path, value: Any, version: str) -> None:
    """Without base64; content types of XOP 1.0 and MTOM, and the action of SOAP 1.2."""
    method = await load_method(tmp_path, write_wsdl("", FILE, version=version))
    message = {"file": [value, DATA], "name": "n"}
    packed, headers = encode_message(method, message, {}, is_optimized=True)
    kind = headers["content-type"]
    assert kind.startswith('multipart/related; boundary="')
    assert 'type="application/xop+xml"' in kind
    assert f'start-info="{"application/soap+xml" if version else "text/xml"}"' in kind
    assert ("action=" in kind) == bool(version)
    assert packed.count(DATA) == 2
    content, parts, *_ = split_parts(packed, kind)
    root = etree.fromstring(content)
    include_attachments(root, parts, 1000)
    plain = etree.fromstring(encode_message(method, message, {})[0])
    assert etree.tostring(root[-1], method="c14n") == etree.tostring(plain[-1], method="c14n")


async def test_without_binary_data_the_message_is_plain(tmp_path: Path) -> None:
    """Nothing is packed, whatever the option says."""
    method = await load_method(tmp_path, write_wsdl("", FILE.replace("maxOccurs", "minOccurs='0' maxOccurs")))
    content, headers = encode_message(method, {"name": "n"}, {}, is_optimized=True)
    assert etree.fromstring(content) is not None
    assert headers["content-type"] == "text/xml; charset=utf-8"


async def test_a_reference_is_sent_with_what_it_refers_to(tmp_path: Path) -> None:
    """Of WS-I's Attachments Profile, without any option."""
    inside = '<xs:element xmlns:r="http://ws-i.org/profiles/basic/1.1/xsd" name="file" type="r:swaRef"/>'
    method = await load_method(tmp_path, write_wsdl("", inside, head=REFERENCE))
    packed, headers = encode_message(method, {"file": DATA}, {})
    content, parts, *_ = split_parts(packed, headers["content-type"])
    text = etree.fromstring(content)[-1][0][0].text
    assert parts[text.removeprefix("cid:")] == DATA
    assert 'type="text/xml"' in headers["content-type"]
    for value, told in (("not base64!", "Ask.file is not base64"), (7, "Ask.file takes bytes")):
        with pytest.raises(RequestMismatch, match=told):
            encode_message(method, {"file": value}, {})
