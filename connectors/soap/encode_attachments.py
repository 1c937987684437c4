"""Binary data beside the envelope: MTOM (XOP 1.0) and references of WS-I's Attachments Profile (swaRef).

Used by connectors.soap.encode and connectors.soap.encode_values.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import uuid4

from lxml import etree
from lxml.etree import _Element

from connectors.soap.errors import RequestMismatch
from connectors.soap.schema_zeep import builtins, is_reference

_INCLUDE = "{http://www.w3.org/2004/08/xop/include}Include"
_ROOT = "envelope@bff"


class Attachments:
    """What is sent beside one envelope."""

    def __init__(self, *, is_optimized: bool) -> None:
        """`is_optimized` sends every xs:base64Binary element as a part of its own (MTOM)."""
        self._is_optimized = is_optimized
        self._has_references = False
        self._parts: list[tuple[str, bytes]] = []

    def takes(self, xsd_type: Any, value: Any) -> bool:
        """Whether a value of this type goes beside the envelope."""
        if isinstance(value, str) and value.startswith("cid:"):
            return False
        if self._is_optimized and isinstance(xsd_type, builtins.Base64Binary):
            return True
        return is_reference(xsd_type)

    def write(self, node: _Element, xsd_type: Any, value: Any, path: str) -> None:
        """Refer to the value, bytes or base64 text, from an element. Raises RequestMismatch."""
        if isinstance(value, str):
            try:
                value = base64.b64decode("".join(value.split()), validate=True)
            except (binascii.Error, ValueError):
                raise RequestMismatch(f"{path} is not base64", is_definition=False) from None
        if not isinstance(value, bytes | bytearray | memoryview):
            raise RequestMismatch(f"{path} takes bytes, or their base64 as text", is_definition=False)
        identity = f"{uuid4().hex}@bff"
        self._parts.append((identity, bytes(value)))
        if is_reference(xsd_type):
            self._has_references = True
            node.text = f"cid:{identity}"
        else:
            etree.SubElement(node, _INCLUDE).set("href", f"cid:{identity}")

    def pack(self, envelope: bytes, content_type: str) -> tuple[bytes, str] | None:
        """The message with its parts, and its content type (RFC 2387); None where the envelope is all."""
        if not self._parts:
            return None
        kind = content_type.partition(";")[0]
        boundary = uuid4().hex
        is_xop = self._is_optimized
        root_type = f'application/xop+xml; charset=utf-8; type="{kind}"' if is_xop else content_type
        pieces = [_write_part(boundary, _ROOT, root_type, envelope)]
        pieces += [_write_part(boundary, name, "application/octet-stream", content) for name, content in self._parts]
        packed = b"".join(pieces) + f"--{boundary}--\r\n".encode()
        head = f'multipart/related; boundary="{boundary}"; start="<{_ROOT}>"; '
        about = f'type="application/xop+xml"; start-info="{kind}"' if is_xop else f'type="{kind}"'
        _, found, action = content_type.partition("; action=")
        return packed, head + about + (f"; action={action}" if found else "")


def _write_part(boundary: str, identity: str, content_type: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\ncontent-type: {content_type}\r\ncontent-transfer-encoding: binary\r\n"
        f"content-id: <{identity}>\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"
