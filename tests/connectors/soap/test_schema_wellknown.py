"""Schemas at well-known addresses are there without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.contract import Call
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema_loading import WsdlLoader
from connectors.soap.schema_wellknown import DOCUMENTS, find_document, name_imports

WSDL = """<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:k="{0}" targetNamespace="urn:t">
<w:types><xs:schema targetNamespace="urn:t"><xs:import namespace="{0}"{1}/><xs:element name="Ask"><xs:complexType>
<xs:sequence><xs:element name="what" {2}/></xs:sequence></xs:complexType></xs:element></xs:schema></w:types>
<w:message name="In"><w:part name="p" element="t:Ask"/></w:message>
<w:portType name="P"><w:operation name="Ask"><w:input message="t:In"/></w:operation></w:portType>
<w:binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/><w:operation name="Ask">
<soap:operation soapAction="a"/><w:input><soap:body use="literal"/></w:input></w:operation></w:binding>
<w:service name="S"><w:port name="Q" binding="t:B"><soap:address location="http://h/"/></w:port></w:service></w:definitions>
"""
TYPES = {
    "http://www.w3.org/2005/05/xmlmime": "base64Binary",
    "http://www.w3.org/2004/11/xmlmime": "base64Binary",
    "http://www.w3.org/2004/08/xop/include": "Include",
    "http://ws-i.org/profiles/basic/1.1/xsd": "swaRef",
    "http://www.w3.org/2005/08/addressing": "EndpointReferenceType",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing": "EndpointReferenceType",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd": "UsernameTokenType",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd": "TimestampType",
    "http://schemas.xmlsoap.org/soap/encoding/": "string",
    "http://www.w3.org/2003/05/soap-encoding": "string",
    "http://schemas.xmlsoap.org/soap/envelope/": "Header",
}


@pytest.mark.parametrize("namespace", TYPES)
@pytest.mark.parametrize("is_located", [True, False])
async def test_a_wsdl_that_imports_it_is_loaded(tmp_path: Path, namespace: str, *, is_located: bool) -> None:
    """With the address, and without a location, as XSD allows."""
    location = f' schemaLocation="{namespace}"' if is_located else ""
    (tmp_path / "w.wsdl").write_text(WSDL.format(namespace, location, f'type="k:{TYPES[namespace]}"'))
    loader = WsdlLoader("w", Options(address=str(tmp_path / "w.wsdl")))
    call = Call(operation=soap("w").call("Ask", what="{what}").operation)
    wsdl = await loader.load(call.operation, None)
    assert wsdl.find_method(call.operation).url == "http://h/"
    await loader.close()


async def test_an_import_whose_namespace_is_its_location(tmp_path: Path) -> None:
    """Some tools write that; the namespace of the imported schema counts."""
    kinds = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:k"><xs:simpleType name="K">'
    (tmp_path / "k.xsd").write_text(f'{kinds}<xs:restriction base="xs:string"/></xs:simpleType></xs:schema>')
    text = WSDL.format("urn:k", ' schemaLocation="k.xsd"', 'type="k:K"').replace(
        'import namespace="urn:k"', 'import namespace="k.xsd"'
    )
    (tmp_path / "w.wsdl").write_text(text)
    loader = WsdlLoader("w", Options(address=str(tmp_path / "w.wsdl")))
    operation = soap("w").call("Ask", what="{what}").operation
    assert (await loader.load(operation, None)).find_method(operation).url == "http://h/"
    await loader.close()


def test_addresses_are_found_in_their_usual_forms() -> None:
    """By https as by http, with and without a slash at the end."""
    encoding = DOCUMENTS["http://schemas.xmlsoap.org/soap/encoding/"]
    assert find_document("https://schemas.xmlsoap.org/soap/encoding/") is encoding
    assert find_document("http://schemas.xmlsoap.org/soap/encoding") is encoding
    assert find_document("http://www.w3.org/2005/05/xmlmime.xsd") is not None
    assert find_document("http://example.org/") is None


def test_only_imports_of_well_known_namespaces_get_a_location() -> None:
    """Not those that have one, and not those whose namespace the document defines itself."""
    known = "http://www.w3.org/2005/05/xmlmime"
    assert b"schemaLocation" in name_imports(f'<xs:import namespace="{known}"/>'.encode())
    for text in (
        '<xs:import namespace="urn:other"/>',
        f'<xs:import namespace="{known}" schemaLocation="mine.xsd"/>',
        f'<xs:import namespace="{known}"/><xs:schema targetNamespace="{known}"/>',
        "<xs:import/>",
    ):
        assert name_imports(text.encode()) == text.encode()
