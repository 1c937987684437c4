"""Schemas that WSDLs refer to by their well-known addresses, so that loading one needs no network. Used by documents.

Written for this purpose after XML 1.0, XML Base, SOAP 1.1, SOAP 1.2 part 2, xmlmime, XOP, WS-Addressing,
WS-Security and WS-I's Attachments Profile; only what zeep looks up is there.
"""

from __future__ import annotations

import re

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

_ENCODING_12 = _ENCODING.replace(
    b"http://schemas.xmlsoap.org/soap/encoding/", b"http://www.w3.org/2003/05/soap-encoding"
)

_HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="{0}" targetNamespace="{0}" {1}>{2}</xs:schema>'
_QUALIFIED = 'elementFormDefault="qualified"'
_ANY = '<xs:any namespace="{}" minOccurs="0" maxOccurs="unbounded" processContents="lax"/>'
_OPEN = f"""<xs:sequence>{_ANY.format("##any")}</xs:sequence><xs:anyAttribute processContents="lax"/>"""


def _write_schema(namespace: str, content: str, more: str = _QUALIFIED) -> bytes:
    return _HEAD.format(namespace, more, content).encode()


_MEDIA_NAMESPACE = "http://www.w3.org/2005/05/xmlmime"
_MEDIA_2004 = "http://www.w3.org/2004/11/xmlmime"
_MEDIA = _write_schema(
    _MEDIA_NAMESPACE,
    """<xs:attribute name="contentType" type="xs:string"/>
    <xs:attribute name="expectedContentTypes" type="xs:string"/>"""
    + "".join(
        f"""<xs:complexType name="{name}"><xs:simpleContent><xs:extension base="xs:{name}">
        <xs:attribute ref="t:contentType"/></xs:extension></xs:simpleContent></xs:complexType>"""
        for name in ("base64Binary", "hexBinary")
    ),
)

_INCLUDE_NAMESPACE = "http://www.w3.org/2004/08/xop/include"
_INCLUDE = _write_schema(
    _INCLUDE_NAMESPACE,
    f"""<xs:element name="Include" type="t:Include"/><xs:complexType name="Include"><xs:sequence>
    {_ANY.format("##other")}</xs:sequence><xs:attribute name="href" type="xs:anyURI"/></xs:complexType>""",
)

_REFERENCE_NAMESPACE = "http://ws-i.org/profiles/basic/1.1/xsd"
_REFERENCE = _write_schema(
    _REFERENCE_NAMESPACE, """<xs:simpleType name="swaRef"><xs:restriction base="xs:anyURI"/></xs:simpleType>"""
)

_ADDRESSES = ("http://www.w3.org/2005/08/addressing", "http://schemas.xmlsoap.org/ws/2004/08/addressing")
_URI = """<xs:simpleContent><xs:extension base="xs:anyURI"><xs:attribute name="RelationshipType" type="xs:anyURI"/>
</xs:extension></xs:simpleContent>"""
_ADDRESSING = f"""<xs:complexType name="AttributedURIType">{_URI}</xs:complexType>
<xs:complexType name="AttributedURI">{_URI}</xs:complexType><xs:complexType name="RelatesToType">{_URI}</xs:complexType>
<xs:complexType name="ReferenceParametersType">{_OPEN}</xs:complexType>
<xs:complexType name="MetadataType">{_OPEN}</xs:complexType>
<xs:complexType name="EndpointReferenceType"><xs:sequence><xs:element name="Address" type="t:AttributedURIType"/>
<xs:element name="ReferenceParameters" type="t:ReferenceParametersType" minOccurs="0"/>
<xs:element name="Metadata" type="t:MetadataType" minOccurs="0"/>{_ANY.format("##other")}</xs:sequence></xs:complexType>
<xs:element name="MessageID" type="t:AttributedURIType"/><xs:element name="RelatesTo" type="t:RelatesToType"/>
<xs:element name="To" type="t:AttributedURIType"/><xs:element name="Action" type="t:AttributedURIType"/>
<xs:element name="EndpointReference" type="t:EndpointReferenceType"/>
<xs:element name="ReplyTo" type="t:EndpointReferenceType"/><xs:element name="From" type="t:EndpointReferenceType"/>
<xs:element name="FaultTo" type="t:EndpointReferenceType"/><xs:attribute name="Action" type="xs:anyURI"/>"""

_UTILITY_NAMESPACE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_UTILITY = _write_schema(
    _UTILITY_NAMESPACE,
    """<xs:attribute name="Id" type="xs:ID"/><xs:complexType name="AttributedDateTime"><xs:simpleContent>
    <xs:extension base="xs:string"><xs:attribute ref="t:Id"/></xs:extension></xs:simpleContent></xs:complexType>
    <xs:element name="Created" type="t:AttributedDateTime"/><xs:element name="Expires" type="t:AttributedDateTime"/>
    <xs:complexType name="TimestampType"><xs:sequence><xs:element ref="t:Created" minOccurs="0"/>
    <xs:element ref="t:Expires" minOccurs="0"/></xs:sequence><xs:attribute ref="t:Id"/></xs:complexType>
    <xs:element name="Timestamp" type="t:TimestampType"/>""",
)

_SECURITY_NAMESPACE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_TEXT = """<xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="Type" type="xs:anyURI"/>
<xs:attribute name="EncodingType" type="xs:anyURI"/></xs:extension></xs:simpleContent>"""
_SECURITY = _write_schema(
    _SECURITY_NAMESPACE,
    f"""<xs:complexType name="AttributedString">{_TEXT}</xs:complexType>
    <xs:complexType name="PasswordString">{_TEXT}</xs:complexType>
    <xs:complexType name="EncodedString">{_TEXT}</xs:complexType>
    <xs:complexType name="UsernameTokenType"><xs:sequence><xs:element name="Username" type="t:AttributedString"/>
    <xs:element name="Password" type="t:PasswordString" minOccurs="0"/><xs:element name="Nonce" type="t:EncodedString"
    minOccurs="0"/>{_ANY.format("##other")}</xs:sequence><xs:anyAttribute processContents="lax"/></xs:complexType>
    <xs:complexType name="SecurityHeaderType"><xs:sequence><xs:element name="UsernameToken" type="t:UsernameTokenType"
    minOccurs="0"/>{_ANY.format("##other")}</xs:sequence><xs:anyAttribute processContents="lax"/></xs:complexType>
    <xs:element name="UsernameToken" type="t:UsernameTokenType"/><xs:element name="Password" type="t:PasswordString"/>
    <xs:element name="Username" type="t:AttributedString"/><xs:element name="Nonce" type="t:EncodedString"/>
    <xs:element name="Security" type="t:SecurityHeaderType"/>""",
)

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_ENVELOPE = f"""<xs:attribute name="mustUnderstand" type="xs:boolean"/><xs:attribute name="actor" type="xs:anyURI"/>
<xs:attribute name="role" type="xs:anyURI"/><xs:attribute name="encodingStyle" type="xs:string"/>
<xs:complexType name="Header">{_OPEN}</xs:complexType><xs:complexType name="Body">{_OPEN}</xs:complexType>
<xs:element name="Header" type="t:Header"/><xs:element name="Body" type="t:Body"/>"""

DOCUMENTS = {
    "http://www.w3.org/2001/xml.xsd": _XML,
    "http://www.w3.org/XML/1998/namespace": _XML,
    "http://schemas.xmlsoap.org/soap/encoding/": _ENCODING,
    "http://www.w3.org/2003/05/soap-encoding": _ENCODING_12,
    _MEDIA_NAMESPACE: _MEDIA,
    _MEDIA_2004: _MEDIA.replace(_MEDIA_NAMESPACE.encode(), _MEDIA_2004.encode()),
    _INCLUDE_NAMESPACE: _INCLUDE,
    _REFERENCE_NAMESPACE: _REFERENCE,
    "http://ws-i.org/profiles/basic/1.1/swaref.xsd": _REFERENCE,
    **{namespace: _write_schema(namespace, _ADDRESSING) for namespace in _ADDRESSES},
    f"{_ADDRESSES[0]}/ws-addr.xsd": _write_schema(_ADDRESSES[0], _ADDRESSING),
    "http://www.w3.org/2006/03/addressing/ws-addr.xsd": _write_schema(_ADDRESSES[0], _ADDRESSING),
    _UTILITY_NAMESPACE: _UTILITY,
    _SECURITY_NAMESPACE: _SECURITY,
    **{namespace: _write_schema(namespace, _ENVELOPE) for namespace in _ENVELOPES},
}
"""Content by address, and by namespace."""

_IMPORT = re.compile(rb"<(?:[\w.-]+:)?import\s[^<>]*>")
_NAMESPACE = re.compile(rb"""\snamespace\s*=\s*["']([^"']*)["']""")
_LOCATION = re.compile(rb"""\s(?:schemaL|l)ocation\s*=\s*["']([^"']*)["']""")


def find_document(location: str) -> bytes | None:
    """The well-known schema at this address, whether by http or https, with or without a slash or .xsd at its end."""
    location = "http:" + location.removeprefix("https:") if location.startswith("https:") else location
    for address in (location, location.rstrip("/"), location + "/", location.removesuffix(".xsd")):
        if address in DOCUMENTS:
            return DOCUMENTS[address]
    return None


def name_imports(content: bytes) -> bytes:
    """The same document with imports as zeep wants them.

    Imports of well-known namespaces may leave the location out (XSD 1.0 part 1, section 4.2.3), and get one. Some have
    their location as their namespace too, which they then lose: that of the imported schema counts.
    """
    if b"import" not in content:
        return content

    def name(found: re.Match[bytes]) -> bytes:
        tag, named, located = found[0], _NAMESPACE.search(found[0]), _LOCATION.search(found[0])
        if named is None:
            return tag
        if located is not None:
            return tag.replace(named[0], b"", 1) if named[1] == located[1] and b":" not in named[1] else tag
        is_own = re.search(rb"targetNamespace\s*=\s*[\"']" + re.escape(named[1]) + rb"[\"']", content)
        if is_own or named[1].decode("utf-8", "replace") not in DOCUMENTS:
            return tag
        return tag.replace(b"import", b'import schemaLocation="' + named[1] + b'"', 1)

    return _IMPORT.sub(name, content)
