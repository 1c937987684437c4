"""The host of a request: its target in absolute form, and its Host (RFC 9112, section 3.2). Used by `http_protocol`."""

from __future__ import annotations

import httptools

from bff.http.guards.host import is_host

_SCHEMES = frozenset({b"http", b"https"})


class InvalidTarget(Exception):
    """The request names its host in a way that is none."""


def apply_absolute_target(method: bytes, url: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Let the host of a target such as http://shop.example/graphql count instead of Host; return the target.

    Host must be valid nevertheless. `*` is for OPTIONS only. Raises InvalidTarget, also for what is no target at all.
    """
    if url == b"*" and method == b"OPTIONS":
        return url
    try:
        target = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        raise InvalidTarget from None
    if not target.host or target.userinfo or (target.schema or b"").lower() not in _SCHEMES:
        raise InvalidTarget
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or not all(is_host(each.decode("latin-1")) for each in hosts):
        raise InvalidTarget
    host = b"[%b]" % target.host if b":" in target.host else target.host
    host = host if target.port is None else b"%b:%d" % (host, target.port)
    if hosts:  # else HTTP/1.0, or the door refuses the request
        headers[:] = [(name, host if name == b"host" else value) for name, value in headers]
    return url if target.path or target.query is not None else url + b"/"
