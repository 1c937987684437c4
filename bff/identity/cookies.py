"""One cookie of a request, by its name (RFC 6265, section 5.4)."""

from __future__ import annotations

from collections.abc import Mapping


def read_cookie(headers: Mapping[str, str], name: str) -> str | None:
    """The value of the first cookie of this name; None without one."""
    for pair in headers.get("cookie", "").split(";"):
        key, _, value = pair.partition("=")
        if key.strip() == name:
            return value.strip().strip('"')
    return None
