"""Reading Accept: q-values, specificity, and what browsers and clients really send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.contract import Increments
from bff.http.responses.negotiate import GRAPHQL, JSON, parse_accept

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
    assert parse_accept(accept).json == media


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
    assert parse_accept(accept).html == is_page


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
    assert parse_accept(accept).events == takes


@pytest.mark.parametrize(
    ("accept", "increments"),
    [
        ("multipart/mixed;deferSpec=20220824, application/json", Increments.PATHS),
        (f"multipart/mixed;incrementalSpec=v0.2, {GRAPHQL}, {JSON};q=0.9", Increments.IDS),
        (f'multipart/mixed; boundary="-"; incrementalSpec="v0.2", {JSON}', Increments.IDS),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", Increments.PATHS),
        ("multipart/mixed;deferSpec=20220824;q=0, application/json", None),
        ("multipart/mixed;deferSpec=20990101, application/json", None),
        (f'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", {JSON}', None),
        ("multipart/*", None),
        ("*/*", None),
        (None, None),
    ],
)
def test_parts_must_be_asked_for_by_name(accept: str | None, increments: Increments | None) -> None:
    """In a form that we write; a wildcard means no more than that a client looks at nothing."""
    assert parse_accept(accept).increments is increments


@pytest.mark.parametrize(
    ("accept", "takes"),
    [
        (f'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", {JSON}', True),
        (f"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,{JSON}", True),
        ("multipart/mixed;subscriptionSpec=2.0", False),
        ("multipart/mixed;deferSpec=20220824", False),
        ("multipart/mixed;subscriptionSpec=1.0;q=0", False),
    ],
)
def test_multipart_subscriptions_must_be_asked_for_by_name(accept: str, takes: bool) -> None:
    """In the one version there is."""
    assert parse_accept(accept).multipart_events == takes


@given(st.text(alphabet="application/json*;,q=.019 \t+-", max_size=3000))
def test_no_header_breaks_it(accept: str) -> None:
    """Whatever a client writes there."""
    assert parse_accept(accept).json in {JSON, GRAPHQL, None}
