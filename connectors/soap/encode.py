"""Plain data into SOAP messages: the envelope with its headers, body and attachments. Used by the SOAP connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from connectors.soap.encode_attachments import Attachments
from connectors.soap.encode_values import Writer
from connectors.soap.errors import ENVELOPE_11, ENVELOPE_12, RequestMismatch
from connectors.soap.schema import Method
from connectors.soap.schema_zeep import finish_envelope, get_input, is_body


def encode_message(
    method: Method, message: Any, headers: Mapping[str, Any], *, is_optimized: bool = False
) -> tuple[bytes, Mapping[str, str]]:
    """Encode the message to send, with a UsernameToken where the options have a user, and its HTTP headers.

    `is_optimized` sends binary data by MTOM. Raises RequestMismatch for data that the WSDL does not allow; facets such
    as patterns are left to the upstream.
    """
    attachments = Attachments(is_optimized=is_optimized)
    writer = Writer(method.types, attachments)
    namespace = ENVELOPE_12 if method.is_soap_12 else ENVELOPE_11
    envelope = etree.Element(f"{{{namespace}}}Envelope", nsmap={"soap-env": namespace})
    given = {name: value for name, value in headers.items() if value is not None}
    if given:
        header = etree.SubElement(envelope, f"{{{namespace}}}Header")
        for name, value in given.items():
            writer.write_element(header, method.find_header_element(name), value, f"header {name}")
    _write_body(writer, method, etree.SubElement(envelope, f"{{{namespace}}}Body"), message)
    finish_envelope(method.client, method.operation, envelope)
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    packed = attachments.pack(content, method.headers["content-type"])
    if packed is None:
        return content, method.headers
    return packed[0], {**method.headers, "content-type": packed[1]}


def _write_body(writer: Writer, method: Method, body: Any, message: Any) -> None:
    name, element = method.operation.name, get_input(method.operation)
    if element is None:
        if message:
            raise RequestMismatch(f"{name} takes no message", is_definition=True)
        return
    if element.type is None:
        etree.SubElement(body, element.qname)
        return
    node = body if is_body(method.operation, element) else etree.SubElement(body, element.qname)
    writer.write_content(node, element.type, {} if message is None else message, name)
