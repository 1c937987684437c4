"""Small WSDLs of one operation, `Ask`, for one kind of schema each, and the schema itself as a judge of messages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.contract import Operation
from connectors.soap.encode import encode_message
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from connectors.soap.schema import Method
from connectors.soap.schema_loading import WsdlLoader

NS = "urn:shapes"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def write_schema(types: str, inside: str, outside: str) -> str:
    """The schema of a request with these particles inside, and a reply with those."""
    return f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{NS}" targetNamespace="{NS}"
elementFormDefault="qualified">{types}
<xs:element name="Ask"><xs:complexType><xs:sequence>{inside}</xs:sequence></xs:complexType></xs:element>
<xs:element name="AskResponse"><xs:complexType><xs:sequence>{outside}</xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def write_wsdl(types: str = "", inside: str = "", outside: str = "", *, head: str = "", version: str = "") -> str:
    """A WSDL with that schema. `head` is what stands before it in types, `version` is "12" for SOAP 1.2."""
    return f"""<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/"
xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap{version}/" xmlns:t="{NS}" targetNamespace="{NS}">
<w:types>{head}{write_schema(types, inside, outside)}</w:types>
<w:message name="In"><w:part name="p" element="t:Ask"/></w:message>
<w:message name="Out"><w:part name="p" element="t:AskResponse"/></w:message>
<w:portType name="P"><w:operation name="Ask"><w:input message="t:In"/><w:output message="t:Out"/></w:operation>
</w:portType><w:binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="Ask"><soap:operation soapAction="a"/><w:input><soap:body use="literal"/></w:input>
<w:output><soap:body use="literal"/></w:output></w:operation></w:binding><w:service name="S">
<w:port name="Port" binding="t:B"><soap:address location="http://127.0.0.1:9/"/></w:port></w:service></w:definitions>"""


async def load_method(folder: Path, wsdl: str, **options: Any) -> Method:
    """The method of `Ask`."""
    path = folder / "shape.wsdl"
    path.write_text(wsdl)
    wsdl_of = await WsdlLoader("s", Options(address=str(path), **options)).load(Operation(upstream="s", name="x"), None)
    return wsdl_of.find_method(soap("s").call("Ask").operation)


def encode(method: Method, message: Any, headers: Mapping[str, Any] | None = None) -> etree._Element:
    """The `Ask` that is sent."""
    return etree.fromstring(encode_message(method, message, headers or {})[0])[-1][0]


def list_texts(element: etree._Element) -> Any:
    """Nested lists of (local name, text or children)."""
    return [(etree.QName(child).localname, list_texts(child) if len(child) else child.text) for child in element]


def is_valid(types: str, inside: str, message: etree._Element) -> bool:
    """Whether libxml2 finds the message valid."""
    return etree.XMLSchema(etree.fromstring(write_schema(types, inside, ""))).validate(etree.ElementTree(message))
