"""Content negotiation: the media types that a client accepts (RFC 9110, section 12.5.1; GraphQL over HTTP, `Body`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bff.contract import Increments

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
EVENTS = "text/event-stream"
HTML = "text/html"
MULTIPART = "multipart/mixed"
CONTENT_TYPES = {media: f"{media}; charset=utf-8" for media in (JSON, GRAPHQL)}
"""Content-Type of a GraphQL response, by its media type."""

_Q = re.compile(r"[01](\.\d*)?")
_MAX_LENGTH = 1000

_INCREMENTS = {each.value.lower(): each for each in Increments} | {"": Increments.PATHS}
"""Parameters of multipart/mixed; a client that names none, such as urql, reads the older form and the newer."""

Weight = tuple[float, int]
"""The q-value of an offered type, and how exactly it was named: 2 by its name, 1 by `type/*`, 0 by `*/*`."""


@dataclass(frozen=True, slots=True)
class Accept:
    """One Accept header, read."""

    json: str | None
    """The media type of one response; None if neither type of GraphQL responses is accepted."""
    events: bool
    """Whether a stream of server-sent events is accepted."""
    html: bool
    """Whether a page is preferred to JSON: a browser that navigates."""
    increments: Increments | None
    """The form in which parts of an answer with @defer or @stream are accepted; None if they are not."""
    multipart_events: bool
    """Whether a subscription is accepted as multipart/mixed (Apollo's multipart subscription protocol 1.0)."""


def parse_accept(accept: str | None) -> Accept:
    """Read an Accept header; a missing one accepts anything. Only its first 1,000 characters are read."""
    return _parse((accept or "*/*")[:_MAX_LENGTH])


@lru_cache(maxsize=256)
def _parse(accept: str) -> Accept:
    ranges = _read_ranges(accept)
    graphql, json, html = (_weigh(offer, ranges) for offer in (GRAPHQL, JSON, HTML))
    multipart = _read_multipart(accept)
    return Accept(
        json=_prefer(graphql, json),
        events=_weigh(EVENTS, ranges)[0] > 0,
        html=html[1] == 2 and html > max(json, graphql),
        increments=next((_INCREMENTS[each] for each in multipart if each in _INCREMENTS), None),
        multipart_events="subscriptionspec=1.0" in multipart,
    )


def _prefer(graphql: Weight, json: Weight) -> str | None:
    """The type with the higher q-value; of equals the one named exactly, then the newer one if it was named.

    A client that names neither, such as curl with `*/*`, gets application/json, which every client can read.
    """
    if not graphql[0] and not json[0]:
        return None
    if graphql == json:
        return GRAPHQL if graphql[1] == 2 else JSON
    return GRAPHQL if graphql > json else JSON


def _read_ranges(accept: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            found.setdefault(name, read_q(parameters))
    return found or {"*/*": 1.0}


def _read_multipart(accept: str) -> list[str]:
    """The protocols over multipart/mixed that are accepted, in their order; "" where none is named."""
    found: list[str] = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower().replace('"', "") for piece in part.split(";"))
        if name == MULTIPART and read_q(parameters) > 0:
            found += [each for each in parameters if "spec=" in each] or [""]
    return found


def read_q(parameters: list[str]) -> float:
    """The q-value among the parameters of one element, in lower case; 1 without, 0 when it is none (section 12.4.2)."""
    for parameter in parameters:
        if parameter.startswith("q="):
            return min(1.0, float(parameter[2:])) if _Q.fullmatch(parameter[2:]) else 0.0
    return 1.0


def _weigh(offer: str, ranges: Mapping[str, float]) -> Weight:
    """The most specific range that fits decides."""
    for exactness, name in ((2, offer), (1, offer.partition("/")[0] + "/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0
