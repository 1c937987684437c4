"""What a client accepts (RFC 9110, section 12.5.1; GraphQL over HTTP, `Body` of `Response`)."""

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

_Q = re.compile(r"[01](\.\d*)?")
_MOST_CHARACTERS = 1000

_INCREMENTS = {each.value.lower(): each for each in Increments} | {"": Increments.PATHS}
"""Parameters of multipart/mixed; a client that names none, such as urql, reads the older form and the newer."""

Weight = tuple[float, int]
"""The q-value of an offered type, and how exactly it was named: 2 by its name, 1 by `type/*`, 0 by `*/*`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one Accept header asks for."""

    json: str | None
    """The media type for one response; None when neither type of GraphQL responses is accepted."""
    events: bool
    """Whether a stream of server-sent events is accepted."""
    html: bool
    """Whether a page is wanted more than JSON: a browser that navigates."""
    increments: Increments | None
    """How parts of an answer with @defer or @stream are taken; None when they are not."""
    multipart_events: bool
    """Whether a subscription is taken as multipart/mixed (Apollo's multipart subscription protocol 1.0)."""


def wanted(accept: str | None) -> Wanted:
    """Read an Accept header; a missing one accepts anything. Only its first 1,000 characters are read."""
    return _wanted((accept or "*/*")[:_MOST_CHARACTERS])


@lru_cache(maxsize=256)
def _wanted(accept: str) -> Wanted:
    ranges = _ranges(accept)
    graphql, json, html = (_weight(offer, ranges) for offer in (GRAPHQL, JSON, HTML))
    multipart = _multipart(accept)
    return Wanted(
        json=_better(graphql, json),
        events=_weight(EVENTS, ranges)[0] > 0,
        html=html[1] == 2 and html > max(json, graphql),
        increments=next((_INCREMENTS[each] for each in multipart if each in _INCREMENTS), None),
        multipart_events="subscriptionspec=1.0" in multipart,
    )


def _better(graphql: Weight, json: Weight) -> str | None:
    """The type with the higher q-value; of equals the one named exactly, then the newer one if it was named.

    A client that names neither, such as curl with `*/*`, gets application/json, which everything can read.
    """
    if not graphql[0] and not json[0]:
        return None
    if graphql == json:
        return GRAPHQL if graphql[1] == 2 else JSON
    return GRAPHQL if graphql > json else JSON


def _ranges(accept: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name:
            found.setdefault(name, q_of(parameters))
    return found or {"*/*": 1.0}


def _multipart(accept: str) -> list[str]:
    """The protocols over multipart/mixed that are accepted, in their order; "" where none is named."""
    found: list[str] = []
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower().replace('"', "") for piece in part.split(";"))
        if name == MULTIPART and q_of(parameters) > 0:
            found += [each for each in parameters if "spec=" in each] or [""]
    return found


def q_of(parameters: list[str]) -> float:
    """The q-value among the parameters of one element, in lower case; 1 without, 0 when it is none (section 12.4.2)."""
    for parameter in parameters:
        if parameter.startswith("q="):
            return min(1.0, float(parameter[2:])) if _Q.fullmatch(parameter[2:]) else 0.0
    return 1.0


def _weight(offer: str, ranges: Mapping[str, float]) -> Weight:
    """The most specific range that fits decides."""
    for exactness, name in ((2, offer), (1, offer.partition("/")[0] + "/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], exactness
    return 0.0, 0
