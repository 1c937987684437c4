"""Addresses of HTTP upstreams, right and wrong."""

from __future__ import annotations

import pytest

from connectors.transport.address import http_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://host", "http://host"),
        ("http://host:8080/", "http://host:8080"),
        ("https://host/prefix//", "https://host/prefix"),
        ("http://[::1]:9001/a", "http://[::1]:9001/a"),
        ("HTTP://host", "HTTP://host"),
    ],
)
def test_addresses(written: str, address: str) -> None:
    """Without the slash at the end, so that paths of endpoints can follow."""
    assert http_address(written) == address


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("host:8080", "is not an http"),
        ("ftp://host", "is not an http"),
        ("http://", "is not an http"),
        ("http://host:0", "is not an http"),
        ("http://host:port", "is not a URL"),
        ("http://host:70000", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://host?x=1", "query or fragment"),
        ("http://host/#top", "query or fragment"),
        ("http://bücher.example", "punycode"),
        ("http://host/a b", "percent-encode"),
    ],
)
def test_what_is_no_address(written: str, told: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValueError, match=told):
        http_address(written)


def test_a_password_is_refused_and_not_repeated() -> None:
    """Messages end in logs and terminals."""
    with pytest.raises(ValueError, match="authorization header") as refused:
        http_address("http://user:hunter2@host")
    assert "hunter2" not in str(refused.value)
