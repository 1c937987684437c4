"""Heads of responses that break the grammar of HTTP/1.1 as other clients take them, for both engines alike.

Taken: lines that end with LF alone, folded lines, control characters, a missing reason, `http/1.1`, other versions, an
equal Content-Length twice, `chunked` twice, `identity`. Refused: all by which two readers could find another end of the
response (RFC 9112 section 11.2), and what is no header.
"""

from __future__ import annotations

import re
from http import HTTPStatus

_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"(HTTP)/(\d)\.(\d)([ \t]+)(\d{3})(?:[ \t]+(.*)|[ \t]*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(rb"[\x01-\x08\x0a-\x1f\x7f]")
_FRAMING = (b"content-length", b"transfer-encoding")
_BEGINS = b"http/"
_SPACES = (b" ", b"\t")
_MAX_DIGITS = 18
_SHOWN = 40


class HeadError(Exception):
    """A head that is not taken. The text says why, without its values."""


class HeadMender:
    """Collects a response until the head of the final one is there. Interim ones (1xx) before it are dropped."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self.is_odd = False
        """Whether a head breaks the grammar."""

    def add(self, data: bytes) -> bytes | None:
        """The head in a form that any parser reads, with what followed it; None as long as more must come.

        Raises HeadError.
        """
        raw = self._raw
        start = max(0, len(raw) - 3)
        raw += data
        while True:
            if raw.startswith((b"\r", b"\n")):
                raw[:] = raw.lstrip(b"\r\n")
                self.is_odd, start = True, 0
            if not _BEGINS.startswith(raw[: len(_BEGINS)].lower()):
                raise HeadError("it does not begin with HTTP/")
            found = _END.search(raw, start)
            if found is None:
                return None
            self.is_odd |= found[0] != b"\r\n\r\n"
            head, status, is_odd = _mend_head(bytes(raw[: found.start()]))
            self.is_odd |= is_odd
            del raw[: found.end()]
            start = 0
            if status >= HTTPStatus.OK:
                return head + raw


def _mend_head(head: bytes) -> tuple[bytes, int, bool]:
    """The head with its empty line, its status, and whether anything was odd."""
    first, *lines = head.split(b"\n")
    is_odd = head.count(b"\r\n") < len(lines)
    status_line, status, is_odd_status = _mend_status_line(first.removesuffix(b"\r"))
    pairs = _split_headers(lines)
    is_odd |= is_odd_status or any(line[:1] in _SPACES for line in lines)
    is_odd |= _CONTROLS.search(head.replace(b"\r\n", b"")) is not None
    values = {name: [value for other, value in pairs if other.lower() == name] for name in _FRAMING}
    length, coding = _find_length(values[b"content-length"]), _find_coding(values[b"transfer-encoding"])
    if length is not None and coding:
        raise HeadError("it has both Content-Length and Transfer-Encoding")
    is_odd |= any(len(each) > 1 or b"," in b"".join(each) for each in values.values())
    is_odd |= values[b"transfer-encoding"] != [] and values[b"transfer-encoding"][0].lower() != b"chunked"
    rest = [(name, value) for name, value in pairs if name.lower() not in _FRAMING]
    if length is not None:
        rest.append((b"Content-Length", length))
    if coding:
        rest.append((b"Transfer-Encoding", b"chunked"))
    text = b"".join(b"%b: %b\r\n" % pair for pair in rest)
    return b"%b\r\n%b\r\n" % (status_line, text), status, is_odd


def _mend_status_line(line: bytes) -> tuple[bytes, int, bool]:
    found = _STATUS.fullmatch(line)
    if found is None:
        raise HeadError("its status line is not one of HTTP/1.1")
    name, major, minor, space, code, reason = found.groups()
    status = int(code)
    if status == 101:
        raise HeadError("the upstream switched to another protocol")
    if status < 100:
        raise HeadError("its status is below 100")
    version = b"1.0" if (major, minor) <= (b"1", b"0") else b"1.1"
    is_odd = name != b"HTTP" or major + minor not in (b"10", b"11") or space != b" "
    return b"HTTP/%b %b %b" % (version, code, _CONTROLS.sub(b" ", reason or b"")), status, is_odd


def _split_headers(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Names and values; a folded line belongs to the value before it (RFC 9112 section 5.2)."""
    pairs: list[tuple[bytes, list[bytes]]] = []
    for line in lines:
        text = line.removesuffix(b"\r")
        if b"\r" in text or b"\0" in text:
            raise HeadError("a header has a CR or NUL in it")
        if text[:1] in _SPACES:
            if not pairs:
                raise HeadError("its first header begins with a space")
            pairs[-1][1].append(text)
            continue
        name, colon, value = text.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise HeadError(
                "a line of it is no header: its name is missing, or has a character that HTTP does not allow"
            )
        if name.lower() in _FRAMING and _CONTROLS.search(value):
            raise HeadError(f"its {name.decode()} has a control character in it")
        pairs.append((name, [value]))
    return [(name, _CONTROLS.sub(b" ", b" ".join(each.strip(b" \t") for each in value))) for name, value in pairs]


def _find_length(values: list[bytes]) -> bytes | None:
    """The one Content-Length; several are one where they are equal (RFC 9110 section 8.6)."""
    numbers = [each.strip(b" \t") for value in values for each in value.split(b",")]
    if not numbers:
        return None
    if not all(each.isdigit() and len(each) <= _MAX_DIGITS for each in numbers):
        raise HeadError("its Content-Length is not a number")
    if len({int(each) for each in numbers}) > 1:
        raise HeadError("it has several Content-Length that differ")
    return numbers[0]


def _find_coding(values: list[bytes]) -> bool:
    """Whether the body comes in chunks."""
    codings = [coding for value in values for each in value.split(b",") if (coding := each.strip(b" \t").lower())]
    named = [each for each in codings if each != b"identity"]
    other = next((each for each in named if each != b"chunked"), None)
    if other is not None:
        raise HeadError(f"its transfer coding {other.decode('latin-1')[:_SHOWN]!r} is not chunked")
    if named and codings[-1] == b"identity":
        raise HeadError("its last transfer coding is not chunked")
    return bool(named)
