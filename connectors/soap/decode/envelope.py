"""From the bytes of a reply to the element that holds the answer. Used by connectors.soap.decode.reply.

What comes from an upstream is not trusted: no DTD (SOAP 1.1 section 3 and 1.2 part 1 section 5 forbid it, and with it
go external entities and entity bombs), no network, libxml2's limits on depth and size stay on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from connectors.soap.errors import ENVELOPE_11, ENVELOPE_12


class MalformedEnvelope(Exception):
    """Bytes that are no SOAP envelope. The text says why without repeating them."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope of either SOAP version."""

    body: _Element
    namespace: str
    """The namespace of its version: ENVELOPE_11 or ENVELOPE_12."""


def parse_xml(content: bytes) -> _Element:
    """The root element. Raises Malformed for what is not well-formed XML, or has a DTD."""
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise MalformedEnvelope(
            f"it is not well-formed XML (line {error.lineno})"
        ) from None  # its text repeats the content
    except ValueError:
        raise MalformedEnvelope("it is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise MalformedEnvelope("it has a DTD, which SOAP forbids")
    return root


def open_envelope(root: _Element) -> Envelope:
    """The envelope whose root element this is. Raises Malformed."""
    for namespace in (ENVELOPE_11, ENVELOPE_12):
        if root.tag == f"{{{namespace}}}Envelope":
            body = root.find(f"{{{namespace}}}Body")
            if body is None:
                raise MalformedEnvelope("its envelope has no Body")
            return Envelope(body, namespace)
    raise MalformedEnvelope("its root element is not a SOAP envelope")
