"""Links to other pages: where they are written, and where they lead."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.rest.paging_links import find_own_url, find_target, is_url, next_link


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        ('</2>; rel="next"', "/2"),
        ("</2>; rel=next", "/2"),
        ("</2>;rel=NEXT", "/2"),
        ('</1>; rel="prev", </3>; rel="next"', "/3"),
        ('</a,b>; title="x, y; rel=next"; rel="up", </3>; rel="last next"', "/3"),
        ('</1>; rel="nextish"', None),
        ("rubbish <<>>", None),
    ],
)
def test_link_headers_are_read(header: str, target: str | None) -> None:
    """RFC 8288 section 3, with its commas and quotes."""
    assert next_link(header) == target


HERE = "https://gateway.example/api/v2/rows?page=1&lang=de"


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("/api/v2/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("/api/v2/other?page=2", "https://gateway.example/api/v2/other?page=2"),
        ("https://gateway.example:443/api/v2/next", "https://gateway.example:443/api/v2/next"),
        ("https://gateway.example/api/v2/rows?q=a b&page=2#x", "https://gateway.example/api/v2/rows?q=a%20b&page=2"),
        ("rows?page=2{&size,sort}", "https://gateway.example/api/v2/rows?page=2"),
        # An upstream that does not know the name by which it is called
        ("http://gateway.example/api/v2/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("http://internal:8080/api/v2/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("http://internal:8080/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("http://internal/svc/api/v2/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        ("/rows?page=2", "https://gateway.example/api/v2/rows?page=2"),
        # Elsewhere
        ("http://internal:8080/other?page=2", None),
        ("https://thief.example/steal", None),
        ("https://thief.example/", None),
        ("ftp://gateway.example/api/v2/rows", None),
        ("file:///api/v2/rows", None),
        ("https://gateway.example:port/", None),
        ("http://[", None),
    ],
)
def test_a_link_leads_to_our_own_origin_or_nowhere(target: str, url: str | None) -> None:
    """Behind a proxy, the path tells."""
    assert find_own_url(HERE, target) == url


@pytest.mark.parametrize("text", ["http://a", "HTTPS://a/b", "?page=2", "/rows?page=2"])
def test_a_url_is_recognized_among_cursors(text: str) -> None:
    """Whole or not."""
    assert is_url(text)


@pytest.mark.parametrize("text", ["http:///", "/9j/4AAQ==", "abc", "a?b=c", "/a", "?", "2026-01-01"])
def test_a_cursor_is_no_url(text: str) -> None:
    """Base64 may begin with a slash."""
    assert not is_url(text)


@pytest.mark.parametrize(
    ("links", "target"),
    [
        ("/2", "/2"),
        (None, None),
        ({"href": "/2", "templated": True}, "/2"),
        ({"url": None}, None),
        ([{"rel": "self", "href": "/1"}, {"rel": "last NEXT", "href": "/2"}], "/2"),
        ([{"rel": ["next"], "uri": "/2"}], "/2"),
        ([{"rel": "prev", "href": "/1"}, "rubbish", None], None),
        ([], None),
        ({"other": 1}, {"other": 1}),
        (7, 7),
    ],
)
def test_links_in_pages_have_several_forms(links: Any, target: Any) -> None:
    """A text, an object, a list of objects with relations."""
    assert find_target(links) == target
