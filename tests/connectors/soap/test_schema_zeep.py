"""What the fence around zeep relies on: with another version than 4.3, look here first."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from connectors.soap.schema_documents import Documents
from connectors.soap.schema_zeep import (
    Attribute,
    ComplexType,
    Element,
    find_type,
    finish_envelope,
    get_input,
    get_operations,
    get_output,
    get_port_address,
    is_body,
    is_soap_12,
    is_soap_encoded_array,
    list_fields,
    list_nested,
    list_ports,
    load_document,
    make_client,
    make_token,
    parse_element,
    replace_references,
)
from tests.connectors.soap.world import BOOKS, ENV_11, TYPES, WSDL

ROOM = Path(__file__).parents[3] / "connectors"


@pytest.fixture(scope="module")
def document() -> Any:
    return load_document(WSDL, Documents(WSDL, None))


def test_no_other_module_imports_zeep() -> None:
    """What reaches into it is in one place."""
    importing = [
        str(file) for file in ROOM.rglob("*.py") if re.search(r"^\s*(from|import) zeep", file.read_text(), re.M)
    ]
    assert importing == [str(ROOM / "soap" / "schema_zeep.py")]


def test_ports_and_operations(document: Any) -> None:
    """Of both versions of SOAP."""
    ports = {name: port for each in list_ports(document).values() for name, port in each.items()}
    assert {is_soap_12(port) for port in ports.values()} == {True, False}
    assert all(get_port_address(port).startswith("http") for port in ports.values())
    operations = get_operations(next(iter(ports.values())))
    assert get_output(operations["GetStock"]).name == "GetStockReply"
    assert operations["GetStock"].style == "document"


def test_types(document: Any) -> None:
    """Elements and attributes by name, particles, and arrays of SOAP encoding."""
    place = find_type(document.types, f"{{{TYPES}}}Place")
    assert isinstance(place, ComplexType)
    assert all(isinstance(field, Element) for field in list_fields(place).values())
    assert list(list_nested(place))
    assert not is_soap_encoded_array(place)
    assert find_type(document.types, "{urn:nowhere}X") is None
    attributes = [
        field for each in document.types.types if isinstance(each, ComplexType) for field in list_fields(each).values()
    ]
    assert any(isinstance(field, Attribute) for field in attributes)
    books = load_document(BOOKS, Documents(BOOKS, None))
    assert any(isinstance(each, ComplexType) and is_soap_encoded_array(each) for each in books.types.types)


def test_envelopes_headers_and_tokens(document: Any) -> None:
    """What zeep adds to an envelope that is ours."""
    (service, ports), *_ = list_ports(document).items()
    token = make_token("me", "s3cret", use_digest=True)
    client = make_client(document, Documents(WSDL, None), token, service=service, port=next(iter(ports)))
    envelope = etree.fromstring(f'<e:Envelope xmlns:e="{ENV_11}"><e:Body/></e:Envelope>')
    operation = get_operations(ports[next(iter(ports))])["GetStock"]
    assert get_input(operation).name == "GetStock"
    assert not is_body(operation, get_input(operation))
    finish_envelope(client, operation, envelope)
    text = etree.tostring(envelope)
    assert b"PasswordDigest" in text
    assert b"s3cret" not in text


def test_its_parser_and_its_references(document: Any) -> None:
    """For what the decoders do not support."""
    operation = get_operations(next(iter(next(iter(list_ports(document).values())).values())))["GetStock"]
    node = etree.fromstring(
        f'<t:GetStockReply xmlns:t="{TYPES}"><t:Sku>A</t:Sku><t:Quantity>7</t:Quantity></t:GetStockReply>'
    )
    assert parse_element(get_output(operation), node, document.types)["Quantity"] == 7
    body = etree.fromstring('<b><x href="#a"/><m id="a">1</m></b>')
    replace_references(body)
    assert body[0].text == "1"
