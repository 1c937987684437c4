"""Headers that are the same in every response of a kind, rendered once. Used by exchanges, pages and transports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from bff.contract import SECURITY_HEADERS, HeaderRules


class FixedHeaders:
    """Headers as ASGI takes them, and as bytes of HTTP/1.1 for the direct connection."""

    __slots__ = ("lines", "rendered")

    def __init__(self, headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> None:
        """`headers` have names in lower case and checked values; pairs may have a name several times."""
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        self.lines = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs)
        self.rendered = b"".join(b"%b: %b\r\n" % line for line in self.lines)


DATA = FixedHeaders(SECURITY_HEADERS)
"""Of every response but GraphiQL's."""


@lru_cache(1000)
def apply_rules(rules: HeaderRules) -> FixedHeaders:
    """The fixed headers of a frontend with rules."""
    kept = {name: value for name, value in SECURITY_HEADERS.items() if name not in rules.remove}
    return FixedHeaders({**kept, **dict(rules.set)})
