"""Which frontend a request is for: by path, header, API key, host, or the default. Called by the gateway."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from bff.contract import Refused
from bff.frontends.options import Match, Options


class Choice:
    """Chooses among the frontends of one bff.yaml."""

    def __init__(self, frontends: Mapping[str, Options]) -> None:
        self._rules = {name: _Rule(options.match) for name, options in frontends.items()}
        self._tried = {name: rule for name, rule in self._rules.items() if rule.may_fit}
        self._default = next((name for name, options in frontends.items() if options.default), None)

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> str:
        """The name of the frontend; `fixed` is the one in the path. Raises Refused when none fits or a key is wrong."""
        if fixed is not None:
            if fixed not in self._rules:
                names = ", ".join(self._rules)
                raise Refused("UNKNOWN_FRONTEND", f'There is no frontend "{fixed}"; there is {names}.', status=404)
            return self._with_key(fixed, headers)
        for name, rule in self._tried.items():
            if rule.fits(headers):
                return self._with_key(name, headers)
        if self._default is not None:
            return self._with_key(self._default, headers)
        raise Refused(
            "UNKNOWN_FRONTEND",
            f"No frontend fits this request; use a path such as /graphql/{next(iter(self._rules), 'NAME')}.",
            status=404,
        )

    def _with_key(self, name: str, headers: Mapping[str, str]) -> str:
        rule = self._rules[name]
        if rule.key_header is not None and not rule.has_key(headers):
            raise Refused(
                "UNAUTHENTICATED", f"This frontend needs a valid API key in the {rule.key_header} header.", status=401
            )
        return name


class _Rule:
    """`match` of one frontend, ready to be tried on every request."""

    __slots__ = ("_headers", "_hosts", "_key_name", "_keys", "key_header", "may_fit")

    def __init__(self, match: Match) -> None:
        self._headers = [(name.lower(), value) for name, value in match.header.items()]
        self._hosts = frozenset(match.host)
        self.key_header = match.api_key.header if match.api_key else None
        """The header that must hold a key, as bff.yaml writes it."""
        self._key_name = self.key_header.lower() if self.key_header else ""
        self._keys = [key.get_secret_value().encode() for key in match.api_key.keys] if match.api_key else []
        self.may_fit = bool(self._headers or self._hosts or self._keys)

    def fits(self, headers: Mapping[str, str]) -> bool:
        """Whether any of the rules does."""
        if any(headers.get(name) == value for name, value in self._headers):
            return True
        if self._key_name and self._key_name in headers:
            return self.has_key(headers)
        return headers.get("host", "").partition(":")[0].lower() in self._hosts

    def has_key(self, headers: Mapping[str, str]) -> bool:
        """Whether the header holds one of the keys, compared in constant time."""
        given = headers.get(self._key_name, "").encode()
        return sum(hmac.compare_digest(given, key) for key in self._keys) > 0  # looks at every key, found or not
