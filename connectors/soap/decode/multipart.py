"""Replies in several parts: SOAP with attachments, and MTOM, whose binary data is put back into the XML.

Sources: RFC 2387 (multipart/related), RFC 2392 (cid), XOP 1.0. Used by connectors.soap.decode.reply.
"""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Iterator, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import unquote

from lxml.etree import _Element

from connectors.soap.decode.envelope import MalformedEnvelope, TooLarge

_MAX_PARTS = 1_000
_MAX_HEAD = 16_384
"""Bytes of the headers of a part."""
_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"


def is_multipart(content_type: str) -> bool:
    """Whether a reply has parts."""
    return content_type.lstrip().lower().startswith("multipart/related")


def split_parts(content: bytes, content_type: str) -> tuple[bytes, Mapping[str, bytes], str, str]:
    """The XML, all parts by content id, and the XML's id and content type.

    Raises MalformedEnvelope when it is not a multipart message.
    """
    message = BytesParser(policy=HTTP).parsebytes(
        b"content-type: " + content_type[:_MAX_HEAD].encode("latin-1", "replace") + b"\r\n\r\n", headersonly=True
    )
    boundary = message.get_boundary()
    if not boundary:
        raise MalformedEnvelope("it says that it is multipart/related and names no boundary")
    parts = [_read_part(part) for part in _split(content, boundary.encode("latin-1", "replace"))]
    if not parts:
        raise MalformedEnvelope("it says that it is multipart/related and has no parts")
    named = {identity: part for identity, part, _ in parts}
    start = message.get_param("start")
    identity = _strip_content_id(start) if isinstance(start, str) else ""
    root = next((part for part in parts if part[0] == identity), parts[0]) if identity else parts[0]
    return root[1], named, root[0], root[2]


def _split(content: bytes, boundary: bytes) -> Iterator[bytes]:
    """What stands between the delimiter lines (RFC 2046 section 5.1.1); each byte is looked at once."""
    content, delimiter = b"\n" + content, b"\n--" + boundary
    begin, count = None, 0
    place = content.find(delimiter)
    while place >= 0:
        end = content.find(b"\n", place + 1)
        end = len(content) if end < 0 else end
        rest = content[place + len(delimiter) : end].strip()
        if rest in (b"", b"--"):
            if begin is not None:
                yield content[begin:place].removesuffix(b"\r")
            if rest:
                return
            begin, count = end + 1, count + 1
            if count > _MAX_PARTS:
                raise MalformedEnvelope(f"it has more than {_MAX_PARTS} parts")
        place = content.find(delimiter, end)
    if begin is not None:
        yield content[begin:]


def _read_part(part: bytes) -> tuple[str, bytes, str]:
    """The content id, the content and the content type of a part."""
    head, content = _split_head(part)
    fields = BytesParser(policy=HTTP).parsebytes(head, headersonly=True)
    encoding = str(fields["content-transfer-encoding"] or "").strip().lower()
    if encoding == "base64":
        content = _decode_base64(content)
    elif encoding == "quoted-printable":
        content = quopri.decodestring(content)
    return _strip_content_id(fields["content-id"] or ""), content, str(fields["content-type"] or "")


def _split_head(part: bytes) -> tuple[bytes, bytes]:
    if part.startswith((b"\r\n", b"\n")):
        return b"", part[2 if part[:1] == b"\r" else 1 :]
    ends = [(place, len(end)) for end in (b"\r\n\r\n", b"\n\n") if (place := part.find(end, 0, _MAX_HEAD)) >= 0]
    if not ends:
        raise MalformedEnvelope(f"the headers of a part are larger than {_MAX_HEAD} bytes or do not end")
    place, size = min(ends)
    return part[: place + size], part[place + size :]


def _decode_base64(content: bytes) -> bytes:
    try:
        return base64.b64decode(content)
    except binascii.Error:
        raise MalformedEnvelope("a part is not the base64 that it says it is") from None


def include_attachments(root: _Element, attachments: Mapping[str, bytes], max_size: int) -> set[str]:
    """Put what references stand for in their places, as base64, and return the content ids that were referred to.

    References are xop:Include elements, texts such as `cid:photo` (swaRef), and empty elements with such an `href`.

    Raises MalformedEnvelope for what is missing, and TooLarge when together they make more than `max_size` bytes.
    """
    encoded: dict[str, str] = {}
    size = 0
    for node in list(root.iter(_INCLUDE)):
        identity = unquote((node.get("href") or "")[:_MAX_HEAD].removeprefix("cid:"))
        parent = node.getparent()
        if identity not in attachments or parent is None:
            raise MalformedEnvelope("it refers to an attachment that it does not have")
        if identity not in encoded:
            encoded[identity] = base64.b64encode(attachments[identity]).decode()
        size += len(attachments[identity])
        if size > max_size:
            raise TooLarge(f"its attachments are more than {max_size} bytes where they are included")
        parent.remove(node)
        parent.text = encoded[identity]
    for node, identity in list(_find_references(root, attachments)):
        size += len(attachments[identity])
        if size > max_size:
            raise TooLarge(f"its attachments are more than {max_size} bytes where they are included")
        encoded[identity] = encoded.get(identity) or base64.b64encode(attachments[identity]).decode()
        node.attrib.pop("href", "")
        node.text = encoded[identity]
    return set(encoded)


def _find_references(root: _Element, attachments: Mapping[str, bytes]) -> Iterator[tuple[_Element, str]]:
    for node in root.iter():
        text = (node.text or "").strip() or node.get("href") or ""
        if text.startswith("cid:") and not len(node):
            identity = unquote(text[:_MAX_HEAD].removeprefix("cid:"))
            if identity in attachments:
                yield node, identity


def _strip_content_id(text: str) -> str:
    return str(text).strip().removeprefix("<").removesuffix(">")
