"""MIME bindings of WSDL 1.1 (section 5), which zeep skips with all that is in them. Used by schema_documents.

The `soap:body` and `soap:header` in a `mime:multipartRelated` are moved to where zeep looks for them. Parts of messages
that are attachments (`mime:content`) are taken out of their messages: they are not in the Body, and are refused by name
if an endpoint gives them. Attachments of replies that nothing in the Body refers to are reported as losses.
"""

from __future__ import annotations

from lxml import etree
from lxml.etree import _Element

from connectors.soap.decode.envelope import MalformedEnvelope, parse_xml

_MIME = "{http://schemas.xmlsoap.org/wsdl/mime/}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


def move_mime_bodies(content: bytes) -> bytes:
    """The same WSDL without MIME bindings; unchanged where it has none or cannot be parsed."""
    if b"multipartRelated" not in content:
        return content
    try:
        root = parse_xml(content)
    except MalformedEnvelope:
        return content
    attached: set[str] = set()
    for related in list(root.iter(f"{_MIME}multipartRelated")):
        attached.update(each.get("part", "") for each in related.iter(f"{_MIME}content"))
        parent = related.getparent()
        if parent is not None:
            _move_parts(parent, related)
    for message in root.iter(f"{_WSDL}message"):
        for part in list(message):
            if part.get("name") in attached and part.get("element") is None:
                message.remove(part)
    return etree.tostring(root)


def _move_parts(parent: _Element, related: _Element) -> None:
    for part in related.iter(f"{_MIME}part"):
        for each in list(part):
            if not str(each.tag).startswith(_MIME):
                parent.append(each)
    parent.remove(related)
