"""Cross-site request forgery: requests that a page of another site makes a browser send, with its visitor's cookies.

A browser sends a preflight before the JSON POST of such a page, so the POST comes only if `cors` grants it. Without a
preflight it sends a GET, for an <img>, <script>, <form> or fetch, and the POST of a form. A GET runs queries only and
the page cannot read the response; still it could measure the time or cause load, so it is refused. Called by `cors`.
"""

from __future__ import annotations

from collections.abc import Mapping

from bff.contract import Problem
from bff.http.guards.origins import is_same_origin

PREFLIGHT = ("apollo-require-preflight", "graphql-preflight", "x-apollo-operation-name")
"""Headers that a page of another site cannot send without a preflight; those that Apollo's and other clients send."""
_FOREIGN = frozenset(("cross-site", "same-site"))


def check_get(headers: Mapping[str, str], *, may_read: bool) -> None:
    """Raise Refused for a GET that a page of another site caused, unless it `may_read` the answer.

    Browsers send `Sec-Fetch-Site` (Fetch Metadata), and `Origin` if a script made the request; programs send neither.
    Over plain HTTP browsers send no `Sec-Fetch-Site`: the GET of an <img> then looks like that of a program and is
    answered, but the page cannot read the answer.
    """
    site = headers.get("sec-fetch-site")
    is_foreign = site in _FOREIGN if site is not None else not is_same_origin(headers)
    if is_foreign and not may_read and not is_preflighted(headers):
        raise Problem.PREFLIGHT_REQUIRED.refusal(
            "A page of another site caused this GET. Use POST with application/json, "
            f"or send the header {PREFLIGHT[0]}: true."
        )


def check_post(headers: Mapping[str, str]) -> None:
    """Raise Refused for a POST that a form of another site could have sent."""
    if not is_preflighted(headers):
        raise Problem.PREFLIGHT_REQUIRED.refusal(
            f"A form of another site could send this POST; send the header {PREFLIGHT[0]}: true with it."
        )


def is_preflighted(headers: Mapping[str, str]) -> bool:
    """Whether a browser sends this for a page of another site only after a preflight."""
    return headers.get("content-type", "").lower().startswith("application/json") or any(
        name in headers for name in PREFLIGHT
    )
