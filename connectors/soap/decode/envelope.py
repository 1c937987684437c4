"""From the bytes of a reply to the element that holds the answer. Used by connectors.soap.decode.reply.

What comes from an upstream is not trusted: no DTD (SOAP 1.1 section 3 and 1.2 part 1 section 5 forbid it, and with it
go external entities and entity bombs), no network, libxml2's limits on depth and size stay on.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element

from connectors.aio.cooperative import LARGE
from connectors.messages.json_mending import Mended
from connectors.soap.errors import ENVELOPE_11, ENVELOPE_12

_MAX_TAGS = 20_000
"""Tags that are decoded at once: about 20 milliseconds."""


class MalformedEnvelope(Exception):
    """Bytes that are no SOAP envelope. The text says why without repeating them."""


class TooLarge(Exception):
    """A reply that stands for more than is accepted."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope of either SOAP version."""

    body: _Element
    namespace: str
    """The namespace of its version: ENVELOPE_11 or ENVELOPE_12."""
    header: _Element | None = None
    content: bytes = b""
    """The XML."""
    mended: Mended | None = None
    """The XML, where it has marks instead of characters that XML does not allow."""


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


def check_values(content: bytes, max_values: int | None) -> None:
    """Raise TooLarge for XML of more elements and attributes; each counts as two, with its end or its value."""
    if max_values is not None and len(content) > max_values and _count_values(content) > max_values:
        raise TooLarge(f"it has more than {max_values} values, which is max_values")


def is_large(content: bytes) -> bool:
    """Whether XML is decoded in a thread: it is large, or full of small elements."""
    size = len(content)
    return size > LARGE or (size > 3 * _MAX_TAGS and content.count(b"<") > _MAX_TAGS)


def _count_values(content: bytes) -> int:
    return content.count(b"<") + content.count(b"/>") + 2 * content.count(b"=")


def open_envelope(root: _Element, content: bytes = b"") -> Envelope:
    """The envelope whose root element this is. Raises Malformed."""
    for namespace in (ENVELOPE_11, ENVELOPE_12):
        if root.tag == f"{{{namespace}}}Envelope":
            body = root.find(f"{{{namespace}}}Body")
            if body is None:
                raise MalformedEnvelope("its envelope has no Body")
            return Envelope(body, namespace, root.find(f"{{{namespace}}}Header"), content)
    raise MalformedEnvelope("its root element is not a SOAP envelope")
