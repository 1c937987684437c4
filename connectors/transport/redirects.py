"""Which redirects are followed: those of a GET or HEAD to the same origin (RFC 9110 section 15.4). Used by connectors.

Headers of the upstream and of callers, credentials among them, never go where a response points.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply
from connectors.transport.contract import HttpReply

MAX_REDIRECTS: Final = 5
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_KEPT = "%/:=&?~#+!$,;'@()*[]"
"""What is not quoted in a location: it may be quoted already."""
_PORTS = {"http": 80, "https": 443}


def find_origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port (RFC 6454). Raises ValueError for what is no URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def resolve_url(url: str, target: str) -> str:
    """The whole URL of what `target` names, seen from `url`, without a fragment. Raises ValueError for no URL."""
    return urlsplit(urljoin(url, quote(target.strip(), safe=_KEPT)))._replace(fragment="").geturl()


def follow_redirect(operation: Operation, method: str, url: str, response: HttpReply) -> str | None:
    """The URL that a response names to be requested instead; None where it names none.

    Raises UpstreamBadReply for one that is not followed, with the next step and without the query of the location,
    which may hold a secret.
    """
    location = response.headers.get("location")
    if response.status not in REDIRECTS or not location:
        return None
    words = f"HTTP {response.status}: the redirect"
    try:
        target = resolve_url(url, location)
        there, here = find_origin(target), find_origin(url)
    except ValueError:
        raise UpstreamBadReply(operation, f"{words} names no URL", upstream_code=str(response.status)) from None
    if there != here:
        parts = urlsplit(target)
        shown = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        reason = f"{words} leads to another origin, {shown}, and is not followed; put that address into bff.yaml"
        raise UpstreamBadReply(operation, reason, upstream_code=str(response.status))
    if method not in ("GET", "HEAD"):
        reason = (
            f"{words} of a {method} is not followed; write its final path, {urlsplit(target).path}, in the endpoint"
        )
        raise UpstreamBadReply(operation, reason, upstream_code=str(response.status))
    return target
