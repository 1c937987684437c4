"""What came with a refusal: decoded when read, bounded, and never a page of HTML as data."""

from __future__ import annotations

import json

import pytest

from connectors.error_details import FieldViolation, Problem
from connectors.error_reply import MAX_BODY, MAX_DEPTH, MAX_TEXT, NO_REPLY, ErrorReply, is_too_deep


def _reply(body: bytes, content_type: str = "application/json", status: int = 422) -> ErrorReply:
    return ErrorReply(status, headers={"content-type": content_type}, payload=body)


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"code": 7}', "application/json", {"code": 7}),
        (b'\xef\xbb\xbf {"code": 7}', "application/json; charset=utf-8", {"code": 7}),
        (b'{"code": 7}', "application/vnd.api+json", {"code": 7}),
        (b'{"code": 7}', "text/plain", {"code": 7}),
        (b'{"code": 7}', "", {"code": 7}),
        (b'"busy"', "application/json", "busy"),
        (b"busy", "text/plain", "busy"),
        (b"busy", "application/json", "busy"),
        (b'{"code": ', "application/json", '{"code": '),
        (b'{"code": 7}', "text/html", '{"code": 7}'),
        (b"<html>7</html>", "text/html", "<html>7</html>"),
        ("zu spät".encode("latin-1"), "text/plain; charset=ISO-8859-1", "zu spät"),
        ("zu spät".encode("latin-1"), "text/plain", "zu sp\ufffdt"),
        (b"busy", "text/plain; charset=no-such", "busy"),
        (b"busy", "text/plain; charset=hex", "busy"),
        (b"", "application/json", None),
        (b"  \r\n", "application/json", None),
    ],
)
def test_bodies(body: bytes, content_type: str, expected: object) -> None:
    """JSON is data, all else is text."""
    assert _reply(body, content_type).body == expected


def test_sizes_are_bounded() -> None:
    """An error outlives its call: neither a page of a megabyte nor deep JSON stays."""
    page = _reply(b"<html>" * 200_000, "text/html")
    assert len(page.body) == MAX_TEXT
    large = _reply(json.dumps({"a": "x" * MAX_BODY}).encode())
    assert isinstance(large.body, str)
    assert len(large.body) == MAX_TEXT
    for depth in (MAX_DEPTH + 1, 5_000, 30_000):
        assert isinstance(_reply(b"[" * depth + b"]" * depth).body, str)
    assert isinstance(_reply(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).body, list)
    assert not is_too_deep(7)


def test_problem_details() -> None:
    """RFC 9457: members by name, extensions apart, members of wrong types as if absent."""
    body = {"type": "https://x.example/oom", "title": "Out", "status": 507, "detail": "d", "instance": "/7", "left": 3}
    problem = Problem("https://x.example/oom", "Out", 507, "d", "/7", {"left": 3})
    assert _reply(json.dumps(body).encode(), "application/problem+json").details == (problem,)
    assert _reply(json.dumps(body).encode(), status=507).details == (problem,)
    assert _reply(json.dumps(body).encode(), status=400).details == ()
    odd = {"type": 7, "title": None, "status": "x", "detail": ["d"]}
    assert _reply(json.dumps(odd).encode(), "application/problem+json").details == (Problem(),)
    assert _reply(b"[]", "application/problem+json").details == ()


def test_violations() -> None:
    """Found once, in the body or the details."""
    reply = _reply(b'{"errors": {"email": ["is taken"]}}')
    assert reply.violations == (FieldViolation("email", "is taken", "", ("email",)),)
    assert reply.violations is reply.violations


def test_cookies_are_not_kept() -> None:
    """A resolver that logs the headers shows no session."""
    headers = {"set-cookie": "sid=7", "retry-after": "3"}
    assert ErrorReply(429, headers=headers, payload=b"").headers == {"retry-after": "3"}


def test_without_a_reply() -> None:
    """A refused connection has nothing to read, and no attribute is missing."""
    assert (NO_REPLY.status, NO_REPLY.headers, NO_REPLY.body) == (None, {}, None)
    assert (NO_REPLY.details, NO_REPLY.violations) == ((), ())
    assert repr(ErrorReply("NOT_FOUND")) == "ErrorReply(status='NOT_FOUND')"
