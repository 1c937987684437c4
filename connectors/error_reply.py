"""What an upstream sent with a refusal: status, headers, body and typed details, decoded when first read.

Every UpstreamError has one; connectors make them. Sizes are bounded here, because errors outlive the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from connectors.error_details import FieldViolation, Problem
from connectors.error_violations import find_violations
from connectors.messages.charset import UnknownCharset, convert_to_utf8
from connectors.messages.json_numbers import parse_json

MAX_BODY: Final = 65_536
"""Bytes of a body that is decoded; of a larger one the first characters are kept as text."""
MAX_TEXT: Final = 4_000
"""Characters of a body that is not decoded."""
MAX_DEPTH: Final = 32
_NO_HEADERS: Mapping[str, str] = {}
_MEMBERS = ("type", "title", "status", "detail", "instance")
_COOKIES = ("set-cookie", "set-cookie2")


class ErrorReply:
    """`status` is the protocol's own: HTTP status, gRPC code name, SOAP fault code, close code; None without a reply.

    `headers` are those of the reply, names in lower case, without cookies.
    """

    __slots__ = ("_body", "_details", "_payload", "_violations", "headers", "status")

    def __init__(
        self,
        status: int | str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        payload: bytes | None = None,
        body: Any = None,
        details: Iterable[Any] = (),
    ) -> None:
        """`payload` is a body that is decoded by its content type; `body` one that is plain Python already."""
        self.status = status
        self.headers = _drop_cookies(headers) if headers else _NO_HEADERS
        self._payload = payload and payload[: MAX_BODY + 1]
        self._body = body
        self._details: tuple[Any, ...] = tuple(details)
        self._violations: tuple[FieldViolation, ...] | None = None

    @property
    def body(self) -> Any:
        """Plain Python of JSON, the text of anything else, None where nothing came."""
        self._read()
        return self._body

    @property
    def details(self) -> tuple[Any, ...]:
        """Records of connectors.error_details."""
        self._read()
        return self._details

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """The wrong fields of the request, in the upstream's names, as far as its format is known."""
        if self._violations is None:
            self._violations = tuple(find_violations(self.body, self.details))
        return self._violations

    def _read(self) -> None:
        payload = self._payload
        if payload is None:
            return
        self._payload = None
        media = self.headers.get("content-type", "").lower()
        self._body = _decode_body(payload, media)
        problem = _find_problem(self._body, media, self.status)
        if problem is not None:
            self._details = (problem, *self._details)

    def __repr__(self) -> str:
        return f"ErrorReply(status={self.status!r})"


NO_REPLY: Final = ErrorReply()
"""Where the upstream said nothing, as with a refused connection."""


def _drop_cookies(headers: Mapping[str, str]) -> Mapping[str, str]:
    if any(name in headers for name in _COOKIES):
        return {name: value for name, value in headers.items() if name not in _COOKIES}
    return headers


def _decode_body(payload: bytes, content_type: str) -> Any:
    """JSON by its content type, or by its first character where none is given; a page of HTML is never decoded."""
    with suppress(UnknownCharset):
        payload = convert_to_utf8(payload, content_type, is_json=_may_be_json(payload.lstrip()[:1], content_type))
    text = payload.lstrip()
    if not text:
        return None
    if len(payload) <= MAX_BODY and _may_be_json(text, content_type):
        try:
            value = parse_json(text)
        except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
            pass
        else:
            if not is_too_deep(value):
                return value
    return payload.decode("utf-8", "replace")[:MAX_TEXT]


def _may_be_json(text: bytes, content_type: str) -> bool:
    media = content_type.partition(";")[0].strip()
    return media.endswith("json") or (not media.endswith(("html", "xml")) and text[:1] in (b"{", b"["))


def is_too_deep(value: Any) -> bool:
    """Whether there are more than MAX_DEPTH levels of objects and lists; level by level, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [each for items in inner for each in items]
    return any(isinstance(each, dict | list) for each in level)


def _find_problem(body: Any, content_type: str, status: int | str | None) -> Problem | None:
    """Problem details, also under application/json where the body repeats the status (as some frameworks send it).

    Members of a wrong type count as absent (RFC 9457 section 3.1).
    """
    if not isinstance(body, dict):
        return None
    if "problem+" not in content_type and not ("title" in body and body.get("status") == status):
        return None
    texts = {name: body[name] for name in _MEMBERS if name != "status" and isinstance(body.get(name), str)}
    code = body.get("status")
    return Problem(
        **texts,
        status=code if isinstance(code, int) and not isinstance(code, bool) else None,
        extensions={name: value for name, value in body.items() if name not in _MEMBERS},
    )
