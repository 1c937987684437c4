"""The client behind proxies: `X-Forwarded-*` and `Forwarded` (RFC 7239). Called by the door and by websockets.

Any client can send these headers. They count only from a peer in `server.trusted_proxies`. From others they are
removed, so that no upstream that they are forwarded to believes them. Each proxy appends the address that it saw, so
the chain is read from its end: the client is the first address that is no trusted proxy; the rest is only claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

from bff.http.asgi import Scope, get_client

FORWARDED = frozenset(
    {
        "forwarded",
        "x-forwarded-client-cert",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-real-ip",
    }
)
"""Headers by which proxies report the request as they received it."""
_USUAL = frozenset({"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})
_MAX_HOPS = 20
"""Addresses of a chain that are read."""
_MAX_FORWARDED = 4000
_KNOWN = 1000
"""Addresses of which it is remembered whether they are trusted."""
_PAIR = re.compile(r'\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))\s*(;|,|$)')
_SCHEMES = frozenset({"http", "https"})


class _Hop(NamedTuple):
    """What one proxy reports: the address of its peer, and how that peer sent the request."""

    address: str
    scheme: str = ""
    host: str = ""


class TrustedProxies:
    """The networks of `server.trusted_proxies`."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ip_network(each) for each in networks]
        self._is_trusted = lru_cache(_KNOWN)(self._find_network)

    def apply(self, scope: Scope, headers: dict[str, str]) -> Scope:
        """The scope of a request that came with headers of FORWARDED, as its client sent it. Changes `headers` too.

        Afterwards `x-forwarded-for` begins with the client, and the host is in `host`.
        """
        if not self._is_trusted(get_client(scope)):
            for name in FORWARDED.intersection(headers):
                del headers[name]
            return scope
        hops = self._choose_chain(headers, get_client(scope))
        if not hops:
            return scope
        length = next((index for index, hop in enumerate(hops) if not self._is_trusted(hop.address)), len(hops) - 1)
        client = hops[length]
        scheme = client.scheme if client.scheme in _SCHEMES else scope.get("scheme", "http").replace("ws", "http")
        known = {"x-real-ip": client.address, "x-forwarded-proto": scheme}
        headers |= {name: value for name, value in known.items() if name in headers}
        headers["x-forwarded-for"] = ", ".join(hop.address for hop in reversed(hops[: length + 1]))
        if client.host:
            headers["host"] = headers["x-forwarded-host"] = client.host
        if scope["type"] == "websocket":
            scheme = scheme.replace("http", "ws")
        return {**scope, "client": (client.address, 0), "scheme": scheme}

    def _choose_chain(self, headers: dict[str, str], peer: str) -> Sequence[_Hop]:
        """The hops, the nearest first. Both forms together must name one client, or one of them is the client's own."""
        usual, standard = _read_usual(headers, peer), _read_standard(headers.get("forwarded", ""))
        headers.pop("forwarded", None)
        if usual and standard:
            if self._find_client(usual) == self._find_client(standard):
                return usual
            for name in FORWARDED.intersection(headers):
                del headers[name]
            return ()
        return usual or standard

    def _find_client(self, hops: Sequence[_Hop]) -> str:
        return next((hop.address for hop in hops if not self._is_trusted(hop.address)), hops[-1].address)

    def _find_network(self, address: str) -> bool:
        found = _parse_address(address)
        return found is not None and any(found in network for network in self._networks)


def _read_usual(headers: dict[str, str], peer: str) -> Sequence[_Hop]:
    """The hops of `X-Forwarded-For`, with the scheme and host that stand as far from the end as they do.

    Without an address that can be read, the proxy itself is the client. None without any of the headers.
    """
    if _USUAL.isdisjoint(headers):
        return ()
    addresses = _split(headers.get("x-forwarded-for", ""))
    schemes, hosts = _split(headers.get("x-forwarded-proto", "")), _split(headers.get("x-forwarded-host", ""))
    hops = []
    for index, text in enumerate(addresses):
        address = _clean_address(text)
        if address is None:
            break
        scheme = schemes[min(index, len(schemes) - 1)] if schemes else ""
        hops.append(_Hop(address, scheme.lower(), hosts[min(index, len(hosts) - 1)] if hosts else ""))
    return hops or [_Hop(peer, schemes[0].lower() if schemes else "", hosts[0] if hosts else "")]


def _read_standard(header: str) -> Sequence[_Hop]:
    """The hops of `Forwarded`; none if it has a mistake, because a client can end a line in the middle of a quote."""
    if len(header) > _MAX_FORWARDED:
        return ()
    elements: list[dict[str, str]] = [{}]
    position = 0
    while position < len(header):
        pair = _PAIR.match(header, position)
        if pair is None:
            return ()
        name, quoted, plain, end = pair.groups()
        elements[-1][name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if end == ",":
            elements.append({})
        position = pair.end()
    hops = []
    for element in reversed(elements[-_MAX_HOPS:]):
        address = _clean_address(element.get("for", ""))
        if address is None:
            break
        hops.append(_Hop(address, element.get("proto", "").lower(), element.get("host", "")))
    return hops


def _split(header: str) -> list[str]:
    """The last items of a list, the last one first."""
    if not header:
        return []
    items = header.rsplit(",", _MAX_HOPS)
    return [each.strip() for each in reversed(items if len(items) <= _MAX_HOPS else items[1:])]


def _clean_address(text: str) -> str | None:
    """An IP address without port and brackets; None for a name, which cannot be checked."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    address = _parse_address(text)
    return None if address is None else str(address)


def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
