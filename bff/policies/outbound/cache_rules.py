"""What RFC 9111 lets a shared cache keep, and for how long. No state, no I/O; used by the cache policy.

The upstream must declare freshness: nothing is kept on a guess (section 4.2.2 would allow one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from bff.policies.outbound.cache_store import Stored
from bff.policies.outbound.identity import TRACING
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError

Directives = Mapping[str, str]

_DIRECTIVE = re.compile(r"""([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?""")
_KEPT = frozenset({200, 203, 204, 404, 410})
"""Statuses whose meaning we know (section 3): an answer, or the answer that there is none."""
_NOT_STALE = frozenset({"must-revalidate", "proxy-revalidate", "s-maxage", "no-cache"})
"""Directives that forbid a shared cache to use a stale reply (section 4.2.4)."""
_ABOUT_THE_BODY = frozenset(
    {"content-length", "content-encoding", "content-range", "content-type", "transfer-encoding"}
)
_GRACES = ("stale-while-revalidate", "stale-if-error")
_MAX_SECONDS = 2.0**31


def parse_directives(value: str) -> Directives:
    """The directives of a Cache-Control header by name in lower case; of a repeated one the first counts."""
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(value):
        found.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3] or "")
    return found


def create_stored(call: Call, reply: Reply, *, took: float, now: float, wall: float) -> Stored | None:
    """The reply as it may be kept; None when it may not.

    `took` is how many seconds asking for it took, `now` the time of the cache's clock, `wall` seconds since the epoch.
    """
    directives = parse_directives(reply.headers.get("cache-control", ""))
    if not may_store(call, reply, directives):
        return None
    fresh_until = now + _compute_lifetime(reply.headers, directives, wall) - _compute_age(reply.headers, took, wall)
    grace = {name: 0.0 if directives.keys() & _NOT_STALE else _parse_seconds(directives.get(name)) for name in _GRACES}
    stored = Stored(
        reply=reply.point_at(()),
        fresh_until=fresh_until,
        usable_meanwhile_until=fresh_until + grace["stale-while-revalidate"],
        usable_on_error_until=fresh_until + grace["stale-if-error"],
    )
    is_of_use = fresh_until + max(grace.values()) > now or stored.etag or stored.last_modified
    return stored if is_of_use else None


def may_store(call: Call, reply: Reply, directives: Directives) -> bool:
    """Section 3, and no more than that: a reply with a cookie is for one person, whatever else it says."""
    if reply.status not in _KEPT or not isinstance(reply.payload, bytes | None):
        return False
    if "no-store" in directives or "private" in directives or "set-cookie" in reply.headers:
        return False
    if "authorization" in call.headers and not directives.keys() & {"public", "s-maxage", "must-revalidate"}:
        return False  # section 3.5
    varies_on = {name.strip().lower() for name in reply.headers.get("vary", "").split(",")}
    # Every header that is sent belongs to the key, so Vary (section 4.1) is kept by itself but for these:
    return "*" not in varies_on and not (varies_on & TRACING & call.headers.keys())


def renew_headers(stored: Stored, headers: Mapping[str, str]) -> Reply:
    """The kept reply with the headers of a 304 put in place of its own (section 3.2)."""
    own = {name: value for name, value in stored.reply.headers.items() if name not in ("age", "date")}
    newer = {name: value for name, value in headers.items() if name not in _ABOUT_THE_BODY}
    reply = stored.reply.point_at(())
    reply.headers = {**own, **newer}
    return reply


def is_about(stored: Stored, headers: Mapping[str, str]) -> bool:
    """Whether a 304 with these headers confirms this reply and not another one (section 4.3.4)."""
    etag = headers.get("etag")
    return etag is None or stored.etag is None or etag.removeprefix("W/") == stored.etag.removeprefix("W/")


def _compute_lifetime(headers: Mapping[str, str], directives: Directives, wall: float) -> float:
    """Seconds that the reply stays fresh after its creation (section 4.2.1)."""
    if "no-cache" in directives:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _parse_seconds(directives[name])
    expires = _parse_date(headers.get("expires"))
    if expires is None:
        return 0.0
    made = _parse_date(headers.get("date"))
    return expires - (wall if made is None else made)


def _compute_age(headers: Mapping[str, str], took: float, wall: float) -> float:
    """Seconds since the reply was created, as far as known (section 4.2.3)."""
    made = _parse_date(headers.get("date"))
    apparent = 0.0 if made is None else max(0.0, wall - made)
    return max(apparent, _parse_seconds(headers.get("age")) + took)


def _parse_seconds(value: str | None) -> float:
    """Delta-seconds (section 1.2.2): what cannot be read is none, what is too large is very long."""
    return min(float(value), _MAX_SECONDS) if value and value.isascii() and value.isdigit() else 0.0


def _parse_date(value: str | None) -> float | None:
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


async def is_readable(reply: Reply) -> bool:
    """Whether the payload can be decoded. Looks at a copy, because the reply itself is not yet pointed anywhere."""
    try:
        await reply.point_at(()).read()
    except UpstreamError:
        return False
    return True
