"""Which names a request may address the gateway by (`server.hosts`). Called by the door and by websockets.

A page at evil.example can let its own name lead to this machine (DNS rebinding). For the browser it is then the same
site, so neither CORS nor the check of Origin protects a gateway on loopback; the Host header does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from bff.contract import Problem
from bff.observability.metrics import count_refusal

_LABEL = re.compile(r"[a-z0-9_-]+")
_HOST = re.compile(r"(?:\[([^\]]*)\]|([^:,\[\]]*))(?::\d*)?")
LOCAL = "<local>"
"""Stands for every name without a dot, as in the lists of proxies' exceptions."""
LOOPBACK = ("localhost", "*.localhost", "127.0.0.1", "::1", LOCAL)
"""Names that lead to loopback whatever a DNS server says (RFC 6761, section 6.3), and names of a local network.

Nobody can register a name without a dot in the public DNS, so no page of the internet has one.
"""


def choose_hosts(hosts: tuple[str, ...] | None, address: str) -> tuple[str, ...]:
    """The names to answer to where the gateway listens at `address`: `hosts`, or the default for the address."""
    if hosts is not None:
        return hosts
    return LOOPBACK if is_loopback(address) else ("*",)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches the address."""
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


class AllowedHosts:
    """The names of `server.hosts`, ready to be compared with."""

    def __init__(self, hosts: tuple[str, ...] | None) -> None:
        """None allows every name: another server listens, and checks them."""
        self._allows_all = hosts is None or "*" in hosts
        names = [each.rstrip(".") for each in hosts or ()]
        self._allows_local = LOCAL in names
        self._names = frozenset(each for each in names if not each.startswith("*"))
        self._suffixes = tuple(each[1:] for each in names if each.startswith("*."))

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise Refused if the request's Host is not one of the names."""
        if self._allows_all or self.is_allowed(headers.get("host", "")):
            return
        count_refusal("host")
        raise Problem.HOST_NOT_ALLOWED.refusal("The gateway does not answer to this host; see `server.hosts`.")

    def is_allowed(self, host: str) -> bool:
        """Whether a Host, with or without port, is one of the names."""
        name = strip_port(host).lower().rstrip(".")
        if self._allows_all or name in self._names or name.endswith(self._suffixes):
            return True
        return self._allows_local and _LABEL.fullmatch(name) is not None


def strip_port(host: str) -> str:
    """The name or address of a Host header, an IPv6 address without brackets; all of what is no Host."""
    found = _HOST.fullmatch(host)
    return host if found is None else found[1] or found[2]
