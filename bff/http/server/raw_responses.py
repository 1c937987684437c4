"""Bytes of responses that are written without the application. Used by the protocols of this room."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from bff.contract import SECURITY_HEADERS, Problem

RETRY_AFTER = 1
"""Seconds after which a client that was refused may try again."""


def _render(status: HTTPStatus, body: bytes, *headers: bytes) -> bytes:
    lines = (
        b"HTTP/1.1 %d %b" % (status, status.phrase.encode()),
        *headers,
        b"content-length: %d" % len(body),
        *(f"{name}: {value}".encode() for name, value in SECURITY_HEADERS.items()),
        b"cache-control: no-store",
        b"connection: close",
    )
    return b"\r\n".join((*lines, b"", body))


def _render_problem(problem: Problem, message: str, *headers: bytes) -> bytes:
    body = msgspec.json.encode({"errors": [{"message": message, "extensions": {"code": problem.name}}]})
    return _render(HTTPStatus(problem.status), body, b"content-type: application/json; charset=utf-8", *headers)


BAD_REQUEST = _render(HTTPStatus.BAD_REQUEST, b"Invalid HTTP request received.", b"content-type: text/plain")
HEAD_TOO_LARGE = _render(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, b"")
URI_TOO_LONG = _render(HTTPStatus.REQUEST_URI_TOO_LONG, b"")
OVERLOADED = _render_problem(
    Problem.SERVER_OVERLOADED, "The server has too much to do; try again later.", b"retry-after: %d" % RETRY_AFTER
)


def render_headers(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The lines of the server's own headers; uvicorn makes a new list each second."""
    global _last_rendered
    known, lines = _last_rendered
    if known is not headers:
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        _last_rendered = (headers, lines)
    return lines


_last_rendered: tuple[list[tuple[bytes, bytes]], bytes] = ([], b"")
