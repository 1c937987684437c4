"""Responses that are written without the application."""

from __future__ import annotations

import json

import pytest

from bff.contract import SECURITY_HEADERS
from bff.http.server import raw_responses


@pytest.mark.parametrize(
    "response",
    [raw_responses.BAD_REQUEST, raw_responses.HEAD_TOO_LARGE, raw_responses.OVERLOADED, raw_responses.URI_TOO_LONG],
)
def test_each_is_whole(response: bytes) -> None:
    """Its length is that of its body, and the connection ends."""
    head, _, body = response.partition(b"\r\n\r\n")
    assert b"\r\ncontent-length: %d\r\n" % len(body) in head
    assert b"\r\nconnection: close" in head
    assert head.count(b"\r\nconnection:") == 1
    for name, value in SECURITY_HEADERS.items():
        assert f"\r\n{name}: {value}".encode() in head


def test_overload() -> None:
    """A GraphQL response with a code, and when to try again."""
    head, _, body = raw_responses.OVERLOADED.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1\r\n" in head
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "SERVER_OVERLOADED"
