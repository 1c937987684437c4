"""Requests that a page of another site makes a browser send, with its visitor's cookies. Called where pages are let in.

A JSON POST of a foreign page is preceded by a preflight, so it never comes unless `cors` grants it. What browsers send
without asking is GET, by an <img>, <script>, <form> or fetch, and a form's multipart/form-data. A GET runs queries only
and its answer cannot be read from elsewhere; still it could be used to measure, or to make us work, so it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from bff.http.errors import Problem
from bff.http.guards.origins import same_origin

PREFLIGHT = ("apollo-require-preflight", "graphql-preflight", "x-apollo-operation-name")
"""Headers that a page of another site cannot send without a preflight; the words of Apollo's and other clients."""
_FOREIGN = frozenset(("cross-site", "same-site"))
NOT_FOR_PAGES = {"cross-origin-resource-policy": "same-origin", "x-content-type-options": "nosniff"}
"""On what GET answers: no page of another site can use it as image or script (Fetch standard, section 3.7)."""


def check_get(headers: Mapping[str, str], *, may_read: bool) -> None:
    """Raise Refused for a GET that a page of another site caused, unless it `may_read` the answer.

    Browsers tell by `Sec-Fetch-Site` (Fetch Metadata), and by `Origin` where a script asks; programs send neither.
    Over plain HTTP they send no `Sec-Fetch-Site`: then an <img> cannot be told from a program, and only cannot read.
    """
    site = headers.get("sec-fetch-site")
    is_foreign = site in _FOREIGN if site is not None else not same_origin(headers)
    if is_foreign and not may_read and not is_preflighted(headers):
        raise Problem.PREFLIGHT_REQUIRED.refused(
            "A page of another site caused this GET. Use POST with application/json, "
            f"or send the header {PREFLIGHT[0]}: true."
        )


def is_preflighted(headers: Mapping[str, str]) -> bool:
    """Whether no browser would have sent this for a page of another site without a preflight."""
    return any(name in headers for name in PREFLIGHT) or headers.get("content-type", "").startswith("application/json")
