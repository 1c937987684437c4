"""Freshness and validators of responses to GET (RFC 9110, section 8.8; RFC 9111, section 5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

from bff.contract import Answer, FrontendCard
from bff.http.asgi import Exchange

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_NO_STORE = "no-store"


async def respond_to_get(
    exchange: Exchange, card: FrontendCard, answer: Answer, body: bytes, status: int, content_type: str
) -> None:
    """Send the answer, or 304 if the client has it already."""
    headers = {"vary": "accept", "cache-control": make_cache_control(answer, card, exchange.headers)}
    headers.update(answer.headers or {})
    if status == 405 and answer.head is None:
        headers["allow"] = "POST"
    elif answer.was_executed and not answer.errors and answer.head is None:
        tag = make_tag(body, content_type)
        # The compressed body has other bytes for the same data, so its tag is a weak one.
        headers["etag"] = tag if exchange.coding_for(len(body)) is None else f"W/{tag}"
        if has_tag(exchange.headers.get("if-none-match"), tag):
            status, body = 304, b""
    await exchange.respond(status, body, content_type, headers)


def make_cache_control(answer: Answer, card: FrontendCard, headers: Mapping[str, str]) -> str:
    """`Cache-Control` of an answer: private if anything in the request or the frontend identifies the caller."""
    if answer.head is not None:
        return answer.head.cache_control
    caching = answer.caching
    if caching is None or answer.errors:
        return _NO_STORE
    is_public = caching.is_public and not card.has_identity and "authorization" not in headers
    return f"{'public' if is_public else 'private'}, max-age={caching.max_age}"


def make_tag(body: bytes, content_type: str) -> str:
    """A strong tag: equal only for the same bytes of the same type."""
    return f'"{blake2b(body, digest_size=16, person=content_type.encode()[:16]).hexdigest()}"'


def has_tag(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has the answer, by weak comparison (RFC 9110, section 13.1.2)."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag[1:-1] in _TAG.findall(if_none_match)
