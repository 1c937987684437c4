"""The syntax of the Host header: HTTP/1.1 requires exactly one (RFC 9112, section 3.2). Called by the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bff.contract import Problem

_HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-fv:.]+\])(?::[0-9]{0,5})?")
"""`uri-host [ ":" port ]` of RFC 9110, section 7.2, without the comma, which joins two fields."""


def check_host(headers: Mapping[str, str], scope: Mapping[str, Any]) -> None:
    """Raise Refused for a request without Host, with several, or with one that is not a host."""
    host = headers.get("host")
    if host is None:
        if scope.get("http_version", "1.1") != "1.0":
            raise Problem.INVALID_HOST.refusal("The request has no Host header.")
    elif _HOST.fullmatch(host) is None:
        raise Problem.INVALID_HOST.refusal("The Host header is not one host name.")
