"""What the address of an HTTP upstream must look like. For the Options of every kind spoken over HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit


def http_address(value: str) -> str:
    """The address without a slash at its end. Raises ValueError, telling the next step and never a password."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL; write it like http://host:8080 or https://host/prefix") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("is not an http(s) URL; write it like http://host:8080 or https://host/prefix")
    if "@" in parts.netloc:
        raise ValueError(
            "holds a user or password; take it out and set an authorization header for this upstream instead"
        )
    if parts.query or parts.fragment:
        raise ValueError("holds a query or fragment; write query: for parameters of every request")
    if not value.isascii() or any(character.isspace() for character in value):
        raise ValueError("holds characters that a URL cannot have; percent-encode them (host names: punycode)")
    return value.rstrip("/")
