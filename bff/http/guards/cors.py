"""CORS: which pages of other sites may send requests and read responses (Fetch standard, `CORS protocol`).

The door calls `answer_preflight` and `allow_reading` first; `check_cross_site` is called once the frontend is chosen.

A preflight carries no values of headers, so at /graphql it does not show which frontend the request is for. There a
preflight is granted to the origins of all frontends, and the request itself is checked against its own frontend.
"""

from __future__ import annotations

from collections.abc import Sequence

from bff.contract import AnswersRequests, CrossOrigin, FrontendCard, Problem
from bff.http.asgi import Exchange
from bff.http.guards.csrf import PREFLIGHT, check_get, check_post
from bff.http.guards.origins import is_same_origin

_METHODS = "GET, POST, PUT, DELETE"
_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    *PREFLIGHT,
    "apollographql-client-name",
    "apollographql-client-version",
    "last-event-id",
    "traceparent",
    "tracestate",
    "x-graphql-event-stream-token",
    "x-request-id",
    "x-server-timing",
)
"""Request headers of the known GraphQL clients."""
_EXPOSED = "allow, etag, retry-after, server-timing, x-request-id"
_MUST_VARY = ("origin", "access-control-request-method", "access-control-request-headers")


def list_candidates(gateway: AnswersRequests, fixed: str | None) -> Sequence[FrontendCard]:
    """The frontends that a request may be for: `fixed`, the one in its path, or all of them at /graphql."""
    return [card for card in gateway.cards if fixed is None or card.name == fixed]


def is_preflight(exchange: Exchange) -> bool:
    """Whether this is a CORS preflight."""
    return exchange.method == "OPTIONS" and "access-control-request-method" in exchange.headers


async def answer_preflight(exchange: Exchange, cards: Sequence[FrontendCard]) -> None:
    """Answer which requests pages of the origin may send to these frontends. Raises Refused if they may send none."""
    origin = exchange.headers["origin"]
    exchange.vary = _MUST_VARY
    rules = [card.cross_origin for card in cards if origin in card.origins]
    if not rules:
        raise Problem.ORIGIN_FORBIDDEN.refusal("This origin is not in `cors.allow_origins` of the frontend.")
    headers = dict.fromkeys((*_HEADERS, *(name for each in rules for name in each.headers)))
    exchange.added = {
        **_make_headers(origin, rules),
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": ", ".join(headers),
        "access-control-max-age": str(int(min(each.max_age for each in rules))),
    }
    await exchange.respond(204, b"", "")


def allow_reading(exchange: Exchange, cards: Sequence[FrontendCard]) -> None:
    """Let a page read the refusals that are sent before its frontend is chosen; they say nothing of a frontend."""
    origin = exchange.headers["origin"]
    rules = [card.cross_origin for card in cards if origin in card.origins]
    exchange.added = _make_headers(origin, rules) if rules else {}
    exchange.vary = ("origin",)


def check_cross_site(exchange: Exchange, gateway: AnswersRequests, card: FrontendCard, fixed: str | None) -> None:
    """Check that the request may reach its frontend, and set the CORS headers of the response.

    Raises Refused for a page of an origin that only other frontends list, which a preflight at /graphql let through,
    and for a GET or POST that a page of another site could have caused without a preflight.
    """
    origin = exchange.headers.get("origin")
    is_get = exchange.method in {"GET", "HEAD"}
    if is_get and fixed is None:
        exchange.vary = tuple(name for each in gateway.cards for name in each.chosen_by)
    if origin is not None:
        _check_origin(exchange, card, gateway.cards, origin)
    if card.origins:
        exchange.vary = (*exchange.vary, "origin")
    if is_get:
        check_get(exchange.headers, may_read=origin in card.origins)
    elif exchange.method == "POST" and exchange.headers.get("content-type") != "application/json":
        check_post(exchange.headers)


def _check_origin(exchange: Exchange, card: FrontendCard, cards: Sequence[FrontendCard], origin: str) -> None:
    exchange.added = _make_headers(origin, [card.cross_origin]) if origin in card.origins else {}
    if exchange.added or is_same_origin(exchange.headers):
        return
    if any(origin in each.origins for each in cards):
        raise Problem.ORIGIN_FORBIDDEN.refusal("Pages of this origin may not send requests to this frontend.")


def _make_headers(origin: str, rules: Sequence[CrossOrigin]) -> dict[str, str]:
    allowed = {"access-control-allow-origin": origin, "access-control-expose-headers": _EXPOSED}
    if any(each.credentials for each in rules):
        allowed["access-control-allow-credentials"] = "true"
    return allowed
