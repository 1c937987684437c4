"""Redirects of requests, followed within the upstream's origin. Used by the connector.

Source: RFC 9110, section 15.4. A redirect to another origin would be sent this upstream's credentials.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from connectors.contract import Operation
from connectors.transport import HttpReply

_KEEP_METHOD = (307, 308)
_USED_AS_SUCH = (301, 302)
"""Clients may turn a POST into a GET after these; a query can be sent again as it is."""
_PORTS = {"http": 80, "https": 443}


def find_redirect(operation: Operation, url: str, response: HttpReply) -> str | None:
    """Where the same request is to be sent; None when the response is no redirect that is followed."""
    location = response.headers.get("location", "").strip()
    is_followed = response.status in _KEEP_METHOD or (response.status in _USED_AS_SUCH and operation.is_safe)
    if not is_followed or not location:
        return None
    target = _join(url, location)
    return target if target is not None and _parse_origin(target) == _parse_origin(url) else None


def _join(url: str, location: str) -> str | None:
    try:
        return urljoin(url, location)
    except ValueError:
        return None


def _parse_origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
