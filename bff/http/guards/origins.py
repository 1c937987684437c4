"""Which pages may send requests to a frontend: those of its own host and of the origins that it lists."""

from __future__ import annotations

from collections.abc import Mapping

from bff.contract import FrontendCard


def is_origin_allowed(headers: Mapping[str, str], card: FrontendCard) -> bool:
    """Whether the request comes from a program, a page of this host, or one of an origin that the frontend lists."""
    return is_same_origin(headers) or headers["origin"].lower() in card.origins


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether the request comes from a page of this host, or a program: only browsers send Origin.

    A browser sends a visitor's cookies with a websocket of any page: this check is the only protection
    (RFC 6455, section 10.2).
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    host = origin.partition("://")[2]  # nothing but scheme, host and port (RFC 6454, section 6.2)
    return bool(host) and host.lower() == headers.get("host", "").lower()
