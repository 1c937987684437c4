"""The syntax of the Host header."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from bff.contract import Refused
from bff.http.guards.host import check_host


@pytest.mark.parametrize(
    "host", ["a", "shop.example:8000", "127.0.0.1", "[::1]:80", "[fe80::1]", "a_b.example", "a:", "a:65535", "%61"]
)
def test_hosts(host: str) -> None:
    """Names and addresses, with and without a port."""
    check_host({"host": host}, {})


@pytest.mark.parametrize(
    "host",
    [
        "a, b",
        "a b",
        "a/b",
        "a@b",
        "http://a",
        "[::1",
        "a:b",
        "a:999999",
        "é",
        "",
        ":80",
        "a:65536",
        "[]",
        "[:::::]",
        "%zz",
        "a%",
    ],
)
def test_what_is_no_host(host: str) -> None:
    """Two fields are joined by a comma."""
    with pytest.raises(Refused, match="Host"):
        check_host({"host": host}, {})


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_no_host(version: str) -> None:
    """HTTP/1.0 did not require one."""
    with nullcontext() if version == "1.0" else pytest.raises(Refused):
        check_host({}, {"http_version": version})
