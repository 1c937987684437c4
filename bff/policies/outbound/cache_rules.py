"""What RFC 9111 lets a shared cache keep, and for how long. No state, no I/O; used by the cache policy.

The upstream must declare freshness: nothing is kept on a guess (section 4.2.2 would allow one). What cannot be read is
stale: section 5.1 would ignore an unreadable Age, which makes a reply of unknown age a fresh one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bff.policies.outbound.cache_store import Stored
from bff.policies.outbound.http_dates import parse_http_date
from bff.policies.outbound.identity import TRACING
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError

Directives = Mapping[str, str]

_DIRECTIVE = re.compile(r"""([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?""")
_ITEM = "|".join(
    (
        r"-?[0-9]{1,15}(?:\.[0-9]{1,3})?",
        r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"',
        r"[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*",
        r"\?[01]",
    )
)
"""A number, a string, a token or a boolean of structured fields (RFC 9651, section 3.3)."""
_MEMBER = re.compile(rf"([a-z*][a-z0-9_.*-]*)(?:=({_ITEM}))?(?:; *[a-z*][a-z0-9_.*-]*(?:={_ITEM})?)*")
_SEPARATOR = re.compile(r"[ \t]*,[ \t]*")
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
    """The directives of a Cache-Control header by name in lower case; one with two values has none (section 4.2.1).

    A quote that does not end hides what follows, so that nothing may be used without asking: `no-cache`.
    """
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(value):
        name, argument = match[1].lower(), match[2] if match[2] is not None else match[3] or ""
        found[name] = argument if found.get(name, argument) == argument else ""
    if '"' in value and '"' in _DIRECTIVE.sub("", value):
        found["no-cache"] = ""
    return found


def parse_targeted(value: str) -> Directives | None:
    """The directives of `CDN-Cache-Control`, a dictionary of RFC 9651; None if it is empty or invalid (RFC 9213).

    Of a repeated one the last counts. A number is kept as its digits; a directive that is `?0` is left out.
    """
    found: dict[str, str] = {}
    position, text = 0, value.strip(" ")
    while match := _MEMBER.match(text, position):
        name, item = match[1], match[2] or "?1"
        found.pop(name, None)
        if item != "?0":
            found[name] = item if item.isdigit() else ""
        if match.end() == len(text):
            return found or None
        separator = _SEPARATOR.match(text, match.end())
        if separator is None:
            return None
        position = separator.end()
    return None


def _choose_directives(headers: Mapping[str, str]) -> tuple[Directives, str | None]:
    """The directives that count for this cache, and the value of Expires if it counts too (RFC 9213, section 2.2)."""
    if "cdn-cache-control" in headers:
        targeted = parse_targeted(headers["cdn-cache-control"])
        if targeted is not None:
            return targeted, None
    return parse_directives(headers.get("cache-control", "")), headers.get("expires")


def create_stored(call: Call, reply: Reply, *, took: float, now: float, wall: float) -> Stored | None:
    """The reply as it may be kept; None when it may not.

    `took` is how many seconds asking for it took, `now` the time of the cache's clock, `wall` seconds since the epoch.
    """
    directives, expires = _choose_directives(reply.headers)
    if not may_store(call, reply, directives):
        return None
    made = parse_http_date(reply.headers.get("date"), wall)
    sent = _parse_age(reply.headers.get("age"))
    age = max(0.0 if made is None else wall - made, (sent or 0.0) + took)
    lifetime = 0.0 if sent is None else _compute_lifetime(directives, expires, wall if made is None else made, wall)
    fresh_until = now + lifetime - age
    grace = {name: 0.0 if directives.keys() & _NOT_STALE else _parse_seconds(directives.get(name)) for name in _GRACES}
    stored = Stored(
        reply=reply.point_at(()),
        made_at=now - age,
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


def _compute_lifetime(directives: Directives, expires: str | None, made: float, wall: float) -> float:
    """Seconds that the reply stays fresh after its creation at `made` (section 4.2.1)."""
    if "no-cache" in directives:
        return 0.0
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _parse_seconds(directives[name])
    moment = parse_http_date(expires, wall)
    return 0.0 if moment is None else moment - made


def _parse_seconds(value: str | None) -> float:
    """Delta-seconds (section 1.2.2): what cannot be read is none, what is too large is very long."""
    return min(float(value), _MAX_SECONDS) if value and value.isascii() and value.isdigit() else 0.0


def _parse_age(value: str | None) -> float | None:
    """The seconds of an Age header, 0 without one; None if it is not a number or has several values."""
    if value is None:
        return 0.0
    values = {each.strip() for each in value.split(",")}
    only = values.pop()
    return None if values or not (only.isascii() and only.isdigit()) else _parse_seconds(only)


async def is_readable(reply: Reply) -> bool:
    """Whether the payload can be decoded. Looks at a copy, because the reply itself is not yet pointed anywhere."""
    try:
        await reply.point_at(()).read()
    except UpstreamError:
        return False
    return True
