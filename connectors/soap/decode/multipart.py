"""Replies in several parts: SOAP with attachments, and MTOM, whose binary data is put back into the XML.

Sources: RFC 2387 (multipart/related), RFC 2392 (cid), XOP 1.0. Used by connectors.soap.decode.reply.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import unquote

from lxml.etree import _Element

from connectors.soap.decode.envelope import MalformedEnvelope

_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"


def is_multipart(content_type: str) -> bool:
    """Whether a reply has parts."""
    return content_type.lstrip().lower().startswith("multipart/related")


def split_parts(content: bytes, content_type: str) -> tuple[bytes, Mapping[str, bytes]]:
    """The XML and, by content id, the attachments. Raises Malformed when it is not a multipart message."""
    head = b"content-type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + content)
    payload = message.get_payload()
    parts = [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []
    if not parts:
        raise MalformedEnvelope("it says that it is multipart/related and has no parts")
    named = {_strip_content_id(part["content-id"] or ""): _read_content(part) for part in parts}
    start = message.get_param("start")
    if isinstance(start, str) and _strip_content_id(start) in named:
        return named[_strip_content_id(start)], named
    return _read_content(parts[0]), named


def include_attachments(root: _Element, attachments: Mapping[str, bytes]) -> None:
    """Put what xop:Include elements stand for into their parents, as base64. Raises Malformed for what is missing."""
    for node in list(root.iter(_INCLUDE)):
        identity = unquote((node.get("href") or "").removeprefix("cid:"))
        parent = node.getparent()
        if identity not in attachments or parent is None:
            raise MalformedEnvelope("it refers to an attachment that it does not have")
        parent.remove(node)
        parent.text = base64.b64encode(attachments[identity]).decode()


def _strip_content_id(text: str) -> str:
    return str(text).strip().removeprefix("<").removesuffix(">")


def _read_content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
