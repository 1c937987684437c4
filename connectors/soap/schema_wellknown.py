"""Schemas that WSDLs refer to by their well-known addresses, so that loading one needs no network. Used by documents.

Written for this purpose after XML 1.0, XML Base, and SOAP 1.1 section 5; only what zeep looks up is there.
"""

from __future__ import annotations

_XML = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
  <xs:attribute name="lang" type="xs:language"/>
  <xs:attribute name="space" type="xs:NCName"/>
  <xs:attribute name="base" type="xs:anyURI"/>
  <xs:attribute name="id" type="xs:ID"/>
  <xs:attributeGroup name="specialAttrs">
    <xs:attribute ref="xml:base"/>
    <xs:attribute ref="xml:lang"/>
    <xs:attribute ref="xml:space"/>
    <xs:attribute ref="xml:id"/>
  </xs:attributeGroup>
</xs:schema>
"""

_SIMPLE_TYPES = (
    *("string", "boolean", "decimal", "float", "double", "duration", "dateTime", "time", "date"),
    *("hexBinary", "base64Binary", "anyURI", "QName", "normalizedString", "token", "language", "Name", "NCName", "ID"),
    *("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)

_ENCODED = """  <xs:complexType name="{0}"><xs:simpleContent><xs:extension base="xs:{0}">
    <xs:attributeGroup ref="tns:commonAttributes"/></xs:extension></xs:simpleContent></xs:complexType>
  <xs:element name="{0}" type="tns:{0}"/>
"""

_ENCODING = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  xmlns:tns="http://schemas.xmlsoap.org/soap/encoding/" targetNamespace="http://schemas.xmlsoap.org/soap/encoding/">
  <xs:attribute name="arrayType" type="xs:string"/>
  <xs:attribute name="offset" type="xs:string"/>
  <xs:attributeGroup name="commonAttributes">
    <xs:attribute name="id" type="xs:ID"/>
    <xs:attribute name="href" type="xs:anyURI"/>
    <xs:anyAttribute namespace="##other" processContents="lax"/>
  </xs:attributeGroup>
  <xs:attributeGroup name="arrayAttributes">
    <xs:attribute ref="tns:arrayType"/>
    <xs:attribute ref="tns:offset"/>
  </xs:attributeGroup>
  <xs:group name="Array">
    <xs:sequence><xs:any namespace="##any" minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence>
  </xs:group>
  <xs:complexType name="Array">
    <xs:group ref="tns:Array" minOccurs="0"/>
    <xs:attributeGroup ref="tns:arrayAttributes"/>
    <xs:attributeGroup ref="tns:commonAttributes"/>
  </xs:complexType>
  <xs:element name="Array" type="tns:Array"/>
{"".join(_ENCODED.format(name) for name in _SIMPLE_TYPES)}</xs:schema>
""".encode()

DOCUMENTS = {
    "http://www.w3.org/2001/xml.xsd": _XML,
    "https://www.w3.org/2001/xml.xsd": _XML,
    "http://www.w3.org/XML/1998/namespace": _XML,
    "http://schemas.xmlsoap.org/soap/encoding/": _ENCODING,
    "https://schemas.xmlsoap.org/soap/encoding/": _ENCODING,
}
"""Content by address."""
