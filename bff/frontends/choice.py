"""Which frontend a request is for: by path, header, API key, host, or the default. Called by the gateway.

It names a frontend and nothing else: whether the caller may ask is for the inbound policies to say.
"""

from __future__ import annotations

from collections.abc import Mapping

from bff.contract import Problem
from bff.frontends.api_keys import ApiKeys
from bff.frontends.options import Match, Options


class Choice:
    """Chooses among the frontends of one bff.yaml."""

    def __init__(self, frontends: Mapping[str, Options], *, shows_names: bool = True) -> None:
        """`shows_names` lists the frontends in refusals."""
        self._shows_names = shows_names
        rules = {name: _Rule(options.match) for name, options in frontends.items()}
        self._names = list(rules)
        self._rules = {name: rule for name, rule in rules.items() if rule.may_fit}
        self._default = next((name for name, options in frontends.items() if options.default), None)

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> str:
        """The name of the frontend; `fixed` is the one in the path. Raises Refused when none fits."""
        if fixed is not None:
            if fixed not in self._names:
                there_is = f"; there is {', '.join(self._names)}" if self._shows_names else ""
                raise Problem.UNKNOWN_FRONTEND.refusal(f'There is no frontend "{fixed[:100]}"{there_is}.')
            return fixed
        for name, rule in self._rules.items():
            if rule.matches_request(headers):
                return name
        if self._default is not None:
            return self._default
        path = f"/graphql/{next(iter(self._names), 'NAME') if self._shows_names else 'NAME'}"
        raise Problem.UNKNOWN_FRONTEND.refusal(f"No frontend fits this request; use a path such as {path}.")


class _Rule:
    """`match` of one frontend, ready to be tried on every request."""

    __slots__ = ("_headers", "_hosts", "_keys", "may_fit")

    def __init__(self, match: Match) -> None:
        self._headers = [(name.lower(), value) for name, value in match.header.items()]
        self._hosts = frozenset(match.host)
        self._keys = ApiKeys(match.api_key) if match.api_key else None
        self.may_fit = bool(self._headers or self._hosts or self._keys)

    def matches_request(self, headers: Mapping[str, str]) -> bool:
        """Whether any of the rules does."""
        if any(headers.get(name) == value for name, value in self._headers):
            return True
        if self._keys is not None and self._keys.header in headers:
            return self._keys.find_caller(headers) is not None
        return headers.get("host", "").partition(":")[0].lower() in self._hosts
