"""Which redirects are followed, and what is said of the others."""

from __future__ import annotations

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply
from connectors.transport.contract import HttpReply
from connectors.transport.redirects import find_origin, follow_redirect, resolve_url

GET = Operation(upstream="catalog", name="GET /products")
URL = "http://shop.example:80/api/products?key=s3cret"


def follow(location: str | None, *, status: int = 301, method: str = "GET", url: str = URL) -> str | None:
    headers = {} if location is None else {"location": location}
    return follow_redirect(GET, method, url, HttpReply(status, headers, b""))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/api/products/", "http://shop.example:80/api/products/"),
        ("items", "http://shop.example:80/api/items"),
        ("?page=2#there", "http://shop.example:80/api/products?page=2"),
        ("http://SHOP.example/x", "http://SHOP.example/x"),
        ("//shop.example/x", "http://shop.example/x"),
        (" /größe ", "http://shop.example:80/gr%C3%B6%C3%9Fe"),
        ("/a%2Fb c", "http://shop.example:80/a%2Fb%20c"),
    ],
)
def test_a_redirect_to_the_same_origin_is_followed(status: int, location: str, target: str) -> None:
    """Whatever its form."""
    assert follow(location, status=status) == target
    assert follow(location, status=status, method="HEAD") == target


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://shop.example/", "another origin, https://shop.example, "),
        ("http://shop.example:81/x?token=s3cret", "another origin, http://shop.example:81, "),
        ("http://user:s3cret@other.example/", "another origin, http://other.example, "),
        ("//other.example/x", "another origin"),
        ("http://shop.example:port/", "names no URL"),
        ("javascript:alert(1)", "another origin"),
    ],
)
def test_another_origin_is_not_followed(location: str, words: str) -> None:
    """It would get the headers; nothing secret is in the words."""
    with pytest.raises(UpstreamBadReply, match=words) as caught:
        follow(location)
    assert "s3cret" not in str(caught.value)


def test_a_request_with_effects_is_not_sent_twice() -> None:
    """The author writes the final path instead."""
    with pytest.raises(UpstreamBadReply, match="of a POST is not followed; write its final path, /orders/"):
        follow("/orders/", method="POST", status=307)


@pytest.mark.parametrize(("location", "status"), [(None, 301), ("", 302), ("/x", 304), ("/x", 200), ("/x", 300)])
def test_what_is_no_redirect(location: str | None, status: int) -> None:
    """Is left to those who know what a status means."""
    assert follow(location, status=status) is None


def test_origins_have_their_usual_ports() -> None:
    """Hosts in any case."""
    assert find_origin("http://A.example") == find_origin("http://a.example:80/x")
    assert find_origin("https://a.example") != find_origin("http://a.example")
    assert resolve_url("http://a.example/x/y", "../z") == "http://a.example/z"
