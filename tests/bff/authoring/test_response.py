"""What resolvers may set of a response, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bff.authoring import Context
from bff.authoring.response import InvalidHeaderError, OwnResponse


def test_nothing_is_made_until_it_is_used() -> None:
    """A request whose resolvers do not use it costs nothing."""
    context = Context()
    assert context.own_response is None
    assert context.response is context.response
    assert context.own_response is context.response


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-a", "b\r\nc: d"),
        ("x-a", "b\nc"),
        ("x-a", "ünï"),
        ("x-a", "a\x00"),
        ("x-a", "a" * 8193),
        ("x-a", 3),
        ("x a", "b"),
        ("x-a:", "b"),
        ("", "b"),
        ("Content-Length", "3"),
        ("content-type", "text/html"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "close"),
        ("te", "x"),
        ("set-cookie", "a=b"),
        ("access-control-allow-origin", "*"),
        ("x-frame-options", "ALLOW"),
        ("x-request-id", "1"),
    ],
)
def test_headers_are_checked(name: str, value: Any) -> None:
    """By assignment and by `add`."""
    response = OwnResponse()
    with pytest.raises(InvalidHeaderError):
        response.headers[name] = value
    with pytest.raises(InvalidHeaderError):
        response.headers.add(name, value)
    assert response.make_head().lines == ()


@pytest.mark.parametrize("status", [100, 199, 204, 205, 304, 600, "200", 2.0])
def test_the_status_has_a_body(status: Any) -> None:
    """Others break the response."""
    with pytest.raises(InvalidHeaderError, match="no status"):
        OwnResponse().status = status


@pytest.mark.parametrize(
    "given",
    [
        {"name": "a b", "value": "c"},
        {"name": "a;b", "value": "c"},
        {"name": "a", "value": "c; Domain=evil"},
        {"name": "a", "value": "c\r\nd"},
        {"name": "a", "value": "b c"},
        {"name": "a", "value": "é"},
        {"name": "a", "value": "x" * 4096},
        {"name": "a", "value": "b", "path": "shop"},
        {"name": "a", "value": "b", "path": "/; Domain=evil"},
        {"name": "a", "value": "b", "domain": "a;b"},
        {"name": "a", "value": "b", "same_site": "loose"},
        {"name": "a", "value": "b", "same_site": "none", "secure": False},
        {"name": "__Host-a", "value": "b", "path": "/shop"},
        {"name": "__Secure-a", "value": "b", "secure": False},
    ],
)
def test_cookies_are_checked(given: dict[str, Any]) -> None:
    """What a browser would drop without a sign, too."""
    response = OwnResponse()
    with pytest.raises(InvalidHeaderError):
        response.set_cookie(**given)
    assert response.make_head().lines == ()


def test_the_last_value_of_a_cookie_counts() -> None:
    """One line for each name, path and domain."""
    response = OwnResponse()
    response.set_cookie("a", "1", max_age=timedelta(minutes=1))
    response.set_cookie("a", "2", domain="shop.example", http_only=False, secure=False)
    response.set_cookie("a", "3", max_age=60)
    assert response.make_head().lines == (
        ("set-cookie", "a=3; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"),
        ("set-cookie", "a=2; Path=/; Domain=shop.example; SameSite=Lax"),
    )


@pytest.mark.parametrize("value", ["public, max-age=9", "max-age=9", 'private="x"'])
def test_no_cache_keeps_cookies_for_others(value: str) -> None:
    """Unless the resolver says that it is private."""
    response = OwnResponse()
    response.headers["Cache-Control"] = value
    assert response.make_head().cache_control == value
    response.set_cookie("a", "1")
    assert response.make_head().cache_control == "no-store"
    response.headers["Cache-Control"] = "private, max-age=9"
    assert response.make_head().cache_control == "private, max-age=9"


def test_headers_are_a_mapping() -> None:
    """Names in any case; what was set can be taken back."""
    headers = OwnResponse().headers
    headers["X-A"] = "1"
    headers.add("x-a", "2")
    assert headers["x-A"] == "1, 2"
    assert headers.get_all("X-A") == ["1", "2"]
    assert list(headers) == ["x-a"]
    del headers["x-a"]
    assert len(headers) == 0
