"""Which frontend a request is for: by path, header, API key, host, or the default. Called by the gateway."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from bff.contract import Refused
from bff.frontends.options import Match, Options


class Choice:
    """Chooses among the frontends of one bff.yaml."""

    def __init__(self, frontends: Mapping[str, Options]) -> None:
        self._frontends = frontends
        self._default = next((name for name, options in frontends.items() if options.default), None)

    def choose(self, headers: Mapping[str, str], fixed: str | None) -> str:
        """The name of the frontend; `fixed` is the one in the path. Raises Refused when none fits or a key is wrong."""
        if fixed is not None:
            if fixed not in self._frontends:
                names = ", ".join(self._frontends)
                raise Refused("UNKNOWN_FRONTEND", f'There is no frontend "{fixed}"; there is {names}.', status=404)
            return self._with_key(fixed, headers)
        for name, options in self._frontends.items():
            if matches(options.match, headers):
                return self._with_key(name, headers)
        if self._default is not None:
            return self._with_key(self._default, headers)
        raise Refused(
            "UNKNOWN_FRONTEND",
            f"No frontend fits this request; use a path such as /graphql/{next(iter(self._frontends), 'NAME')}.",
            status=404,
        )

    def _with_key(self, name: str, headers: Mapping[str, str]) -> str:
        rule = self._frontends[name].match.api_key
        if rule is not None and not has_key(rule.header, [key.get_secret_value() for key in rule.keys], headers):
            raise Refused(
                "UNAUTHENTICATED", f"This frontend needs a valid API key in the {rule.header} header.", status=401
            )
        return name


def matches(match: Match, headers: Mapping[str, str]) -> bool:
    """Whether any of the rules fits."""
    if any(headers.get(name.lower()) == value for name, value in match.header.items()):
        return True
    if match.api_key is not None and match.api_key.header.lower() in headers:
        return has_key(match.api_key.header, [key.get_secret_value() for key in match.api_key.keys], headers)
    host = headers.get("host", "").partition(":")[0].lower()
    return host in match.host


def has_key(header: str, keys: list[str], headers: Mapping[str, str]) -> bool:
    """Whether the header holds one of the keys, compared in constant time."""
    given = headers.get(header.lower(), "").encode()
    return sum(hmac.compare_digest(given, key.encode()) for key in keys) > 0  # looks at every key, found or not
