"""Which pages may send requests: those of this host and of the listed origins."""

from __future__ import annotations

import pytest

from bff.contract import FrontendCard
from bff.http.guards.origins import is_origin_allowed, is_same_origin


@pytest.mark.parametrize(
    ("headers", "is_same"),
    [
        ({"host": "a.example"}, True),
        ({"host": "a.example", "origin": "https://a.example"}, True),
        ({"host": "A.example:8443", "origin": "https://a.EXAMPLE:8443"}, True),
        ({"host": "a.example", "origin": "https://a.example:444"}, False),
        ({"host": "a.example", "origin": "https://b.example"}, False),
        ({"host": "a.example", "origin": "null"}, False),
        ({"origin": "https://"}, False),
        ({"origin": "https://a.example"}, False),
        ({"host": "", "origin": "x"}, False),
    ],
)
def test_the_same_origin(headers: dict[str, str], is_same: bool) -> None:
    """A program sends no Origin; a browser sends scheme, host and port (RFC 6454, section 6.2)."""
    assert is_same_origin(headers) is is_same


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [("https://shop.example", True), ("https://SHOP.example", True), ("http://shop.example", False)],
)
def test_a_listed_origin(origin: str, is_allowed: bool) -> None:
    """As browsers write it: the scheme counts, letter case does not."""
    card = FrontendCard(name="web", origins=("https://shop.example",))
    assert is_origin_allowed({"host": "a.example", "origin": origin}, card) is is_allowed
