"""`frontends.<name>.headers`: what may be set and removed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bff.contract import HeaderRules
from bff.frontends.header_options import Headers
from bff.frontends.options import Options
from tests.bff.frontends.world import app


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"set": {"x a": "1"}}, "is not the name of a header"),
        ({"set": {"x-a": "1\r\nset-cookie: a=b"}}, "cannot be that of a header"),
        ({"set": {"x-a": "\u20ac"}}, "cannot be that of a header"),
        ({"set": {"x-a": ""}}, "cannot be that of a header"),
        ({"set": {"Content-Length": "1"}}, "is written by the gateway itself"),
        ({"set": {"access-control-allow-origin": "*"}}, "is written by the gateway itself"),
        ({"set": {"cache-control": "public"}}, "is written by the gateway itself"),
        ({"remove": ["content-type"]}, "is not one of x-content-type-options"),
    ],
)
def test_what_would_break_a_response_is_refused(headers: dict[str, object], reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValidationError, match=reason):
        Headers.model_validate(headers)


def test_names_are_in_lower_case() -> None:
    """As HTTP/2 has them."""
    given = {"set": {"Strict-Transport-Security": "max-age=1", "Content-Security-Policy": "sandbox"}}
    headers = Headers.model_validate({**given, "remove": ["X-Frame-Options"]})
    assert headers.set == {"strict-transport-security": "max-age=1", "content-security-policy": "sandbox"}
    assert headers.remove == ("x-frame-options",)


def test_rules_reach_the_card() -> None:
    """None without the key, which costs nothing."""
    assert app().cards[0].header_rules is None
    options = Options.model_validate({"schema": "s", "headers": {"set": {"X-A": "1"}}})
    assert options.headers is not None
    assert HeaderRules(set=tuple(options.headers.set.items())).set == (("x-a", "1"),)
