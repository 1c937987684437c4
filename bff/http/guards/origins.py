"""Which pages may ask a frontend: its own host's and the listed ones. Used by websockets, at both of their gates."""

from __future__ import annotations

from collections.abc import Mapping

from bff.contract import FrontendCard


def origin_allowed(headers: Mapping[str, str], card: FrontendCard) -> bool:
    """Whether a program asks, or a page of this host, or one of an origin that the frontend lists."""
    return same_origin(headers) or headers["origin"].lower() in card.origins


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether one of our own pages asks, or a program; only browsers send Origin (RFC 6455, section 10.2).

    A browser sends a visitor's cookies with a websocket of any page, so this is what stands between them.
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    host = origin.partition("://")[2]  # nothing but scheme, host and port (RFC 6454, section 6.2)
    return bool(host) and host.lower() == headers.get("host", "").lower()
