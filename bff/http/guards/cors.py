"""Pages of other sites: who may ask, and who may read the answer (Fetch standard, `HTTP-network fetch`, CORS protocol).

The door calls this before anything else, answer_graphql once the frontend is known.

A preflight carries no values of headers, so at /graphql it cannot be known which frontend will be asked. There a
preflight is granted to the origins of all frontends, and the request itself is checked against its own frontend.
"""

from __future__ import annotations

from collections.abc import Sequence

from bff.contract import AnswersRequests, CrossOrigin, FrontendCard
from bff.http.asgi import Exchange
from bff.http.errors import Problem
from bff.http.guards.csrf import NOT_FOR_PAGES, PREFLIGHT, check_get
from bff.http.guards.origins import same_origin

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
"""What the known GraphQL clients send."""
_EXPOSED = "allow, etag, retry-after, server-timing, x-request-id"
_MUST_VARY = ("origin", "access-control-request-method", "access-control-request-headers")


def addressed(gateway: AnswersRequests, fixed: str | None) -> Sequence[FrontendCard]:
    """The frontends that a path may mean: `fixed` alone, or all of them at /graphql."""
    return [card for card in gateway.cards if fixed is None or card.name == fixed]


def is_preflight(exchange: Exchange) -> bool:
    """Whether a browser asks if a page may ask."""
    return exchange.method == "OPTIONS" and "access-control-request-method" in exchange.headers


async def answer_preflight(exchange: Exchange, cards: Sequence[FrontendCard]) -> None:
    """Say what pages of the origin may send to these frontends. Raises Refused when they may send nothing."""
    origin = exchange.headers["origin"]
    exchange.vary = _MUST_VARY
    asked = [card.cross_origin for card in cards if origin in card.origins]
    if not asked:
        raise Problem.ORIGIN_FORBIDDEN.refused("This origin is not in `cors.allow_origins` of the frontend.")
    headers = dict.fromkeys((*_HEADERS, *(name for each in asked for name in each.headers)))
    exchange.added = {
        **_readable(origin, asked),
        "access-control-allow-methods": _METHODS,
        "access-control-allow-headers": ", ".join(headers),
        "access-control-max-age": str(int(min(each.max_age for each in asked))),
    }
    await exchange.respond(204, b"", "")


def allow_reading(exchange: Exchange, cards: Sequence[FrontendCard]) -> None:
    """Let a page read whatever is answered before its frontend is known: refusals, which tell of no frontend."""
    origin = exchange.headers["origin"]
    asked = [card.cross_origin for card in cards if origin in card.origins]
    exchange.added = _readable(origin, asked) if asked else {}
    exchange.vary = ("origin",)


def admit(exchange: Exchange, gateway: AnswersRequests, card: FrontendCard, fixed: str | None) -> None:
    """Let those ask the frontend who may.

    Raises Refused for a page of an origin that only other frontends list, which a preflight at /graphql let through,
    and for a GET that a page of another site caused.
    """
    origin = exchange.headers.get("origin")
    is_get = exchange.method == "GET"
    if is_get and fixed is None:
        exchange.vary = tuple(name for each in gateway.cards for name in each.chosen_by)
    if origin is not None:
        _check_origin(exchange, card, gateway.cards, origin)
    if card.origins:
        exchange.vary = (*exchange.vary, "origin")
    if is_get:
        exchange.added = {**exchange.added, **NOT_FOR_PAGES}
        check_get(exchange.headers, may_read=origin in card.origins)


def _check_origin(exchange: Exchange, card: FrontendCard, cards: Sequence[FrontendCard], origin: str) -> None:
    exchange.added = _readable(origin, [card.cross_origin]) if origin in card.origins else {}
    if exchange.added or same_origin(exchange.headers):
        return
    if any(origin in each.origins for each in cards):
        raise Problem.ORIGIN_FORBIDDEN.refused("Pages of this origin may not ask this frontend.")


def _readable(origin: str, asked: Sequence[CrossOrigin]) -> dict[str, str]:
    allowed = {"access-control-allow-origin": origin, "access-control-expose-headers": _EXPOSED}
    if any(each.credentials for each in asked):
        allowed["access-control-allow-credentials"] = "true"
    return allowed
