"""Reading Accept: q-values, specificity, and what browsers and clients really send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.http.negotiate import GRAPHQL, JSON, wanted

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL};q=0.5, */*", JSON),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"{JSON}, text/plain, */*", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{JSON};q=0, {GRAPHQL};q=0", None),
        (f"{GRAPHQL};charset=utf-8;Q=0.1, {JSON};q=0.05", GRAPHQL),
        (f"{JSON};q=nan", None),
        (f"{JSON};q=-1, text/html", None),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        ("text/event-stream", None),
        ("image/png", None),
        (",,;;", JSON),
        (BROWSER, JSON),
    ],
)
def test_the_media_type_of_one_response(accept: str | None, media: str | None) -> None:
    """The highest q-value, then the exact name."""
    assert wanted(accept).json == media


@pytest.mark.parametrize(
    ("accept", "is_page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("*/*", False),
        (None, False),
        (f"text/html, {JSON}", False),
        ("text/*", False),
    ],
)
def test_only_browsers_get_pages(accept: str | None, is_page: bool) -> None:
    """A page must be wanted more than JSON, by its name."""
    assert wanted(accept).html == is_page


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        ("text/event-stream", True),
        (f"{JSON}, text/event-stream;q=0.1", True),
        (JSON, False),
        ("text/event-stream;q=0", False),
    ],
)
def test_events_must_be_accepted(accept: str, takes: bool) -> None:
    """By name or by a wildcard."""
    assert wanted(accept).events == takes


@given(st.text(alphabet="application/json*;,q=.019 \t+-", max_size=3000))
def test_no_header_breaks_it(accept: str) -> None:
    """Whatever a client writes there."""
    assert wanted(accept).json in {JSON, GRAPHQL, None}
