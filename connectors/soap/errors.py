"""SOAP faults as UpstreamFault. Used by connectors.soap.decode.reply.

Sources: SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml.etree import _Element

from connectors.contract import Operation
from connectors.error_details import Fault
from connectors.error_reply import MAX_DEPTH, ErrorReply
from connectors.errors import UpstreamFault

ENVELOPE_11 = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_12 = "http://www.w3.org/2003/05/soap-envelope"

_MAX_TEXT = 1000
"""Characters of a fault's text and of its detail that are kept."""
_MAX_ELEMENTS = 1000
"""Elements of a detail that are read as data."""
_MIN_SECRET = 6
"""Shorter values are not taken out of texts: they would take words apart and hide nothing."""


class RequestMismatch(Exception):
    """Data does not match the type of a message. The text names the place, never the value, which may be secret."""

    def __init__(self, reason: str, *, is_definition: bool) -> None:
        """`is_definition`: the endpoint's definition is wrong (there is no such element), not the value."""
        super().__init__(reason)
        self.is_definition = is_definition


def find_fault(body: _Element, namespace: str) -> _Element | None:
    """The Fault element of a Body; None when the reply is none."""
    return body.find(f"{{{namespace}}}Fault")


def translate_fault(
    operation: Operation,
    fault: _Element,
    namespace: str,
    status: int,
    secrets: Iterable[str],
    headers: Mapping[str, str] | None = None,
) -> UpstreamFault:
    """Translate a fault. Servers repeat what they were sent, so `secrets` are removed from its texts.

    `upstream_code` is the local name of the code; of SOAP 1.2, that of the innermost subcode when there is one.
    """
    if namespace == ENVELOPE_12:
        code, reason, detail = _read_code_12(fault), _read_text(fault, "Reason"), _find_child(fault, "Detail")
    else:
        code, reason, detail = (
            _strip_prefix(_read_text(fault, "faultcode")),
            _read_text(fault, "faultstring"),
            _find_child(fault, "detail"),
        )
    redact = _make_redactor(secrets)
    quoted, code = redact(reason), redact(code)
    actor = redact(_read_text(fault, "faultactor") or _read_text(fault, "Role"))
    record = Fault(code, quoted, actor, None if detail is None else _Reader(redact).read(detail))
    body = {"code": code, "reason": quoted, "actor": actor, "detail": record.detail}
    sent = {**(headers or {}), ":status": str(status)}
    return UpstreamFault(
        operation,
        f"fault {code or 'without a code'} (HTTP {status}): {quoted or 'without a text'}",
        upstream_code=code,
        fault_detail="" if detail is None else redact(_join_text(detail)),
        quoted=quoted,
        reply=ErrorReply(code or status, headers=sent, body=body, details=[record]),
    )


class _Reader:
    """Reads the detail of a fault as plain data: elements and attributes by local name, repeated ones as lists."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._left = _MAX_ELEMENTS

    def read(self, element: _Element, depth: int = 0) -> Any:
        """A text where there is nothing else, None where there is nothing; at most so many elements and levels."""
        attributes = element.attrib.items()
        entries: list[tuple[str, Any]] = [(_get_local_name(name), self._redact(str(text))) for name, text in attributes]
        for child in element.iterchildren("*"):
            self._left -= 1
            if self._left < 0 or depth >= MAX_DEPTH - 1:
                break
            entries.append((_get_local_name(child.tag), self.read(child, depth + 1)))
        text = self._redact((element.text or "").strip())
        if not entries:
            return text or None
        found: dict[str, Any] = {"text": text} if text else {}
        for name, value in entries:
            known = found.get(name)
            found[name] = value if name not in found else [*(known if isinstance(known, list) else [known]), value]
        return found


def _get_local_name(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _read_code_12(fault: _Element) -> str:
    code = ""
    inner = _find_child(fault, "Code")
    while inner is not None:
        code = _strip_prefix(_read_text(inner, "Value")) or code
        inner = _find_child(inner, "Subcode")
    return code


def _strip_prefix(qname: str) -> str:
    """The local part of a QName."""
    return qname.rpartition(":")[2]


def _find_child(element: _Element, name: str) -> _Element | None:
    """The child of this local name; servers differ in whether they qualify those of SOAP 1.1."""
    return next((child for child in element if str(child.tag).rpartition("}")[2] == name), None)


def _read_text(element: _Element, name: str) -> str:
    child = _find_child(element, name)
    if child is None:
        return ""
    # A Reason has a Text per language; the first is as good as any.
    return _join_text(child[0] if name == "Reason" and len(child) else child)


def _join_text(element: _Element) -> str:
    return " ".join(" ".join(str(text) for text in element.itertext()).split())


def _make_redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    longest_first = sorted({secret for secret in secrets if len(secret) >= _MIN_SECRET}, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return text[:_MAX_TEXT]

    return redact
