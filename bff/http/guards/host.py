"""The syntax of the Host header: HTTP/1.1 requires exactly one (RFC 9112, section 3.2). Called by the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from bff.contract import Problem

_HOST = re.compile(r"(?:(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+|\[([0-9A-Fa-f:.]+)\])(?::([0-9]{0,5}))?")
"""`uri-host [ ":" port ]` of RFC 9110, section 7.2, without the comma, which joins two fields.

An empty host is that of no http URI (section 4.2.1)."""
_MAX_PORT = 65535


def is_host(value: str) -> bool:
    """Whether the value of a Host field is one host, with or without a port."""
    found = _HOST.fullmatch(value)
    if found is None:
        return False
    if found[1]:
        try:
            ip_address(found[1])
        except ValueError:
            return False
    return not found[2] or int(found[2]) <= _MAX_PORT


def check_host(headers: Mapping[str, str], scope: Mapping[str, Any]) -> None:
    """Raise Refused for a request without Host, with several, or with one that is not a host."""
    host = headers.get("host")
    if host is None:
        if scope.get("http_version", "1.1") != "1.0":
            raise Problem.INVALID_HOST.refusal("The request has no Host header.")
    elif not is_host(host):
        raise Problem.INVALID_HOST.refusal("The Host header is not one host name.")
