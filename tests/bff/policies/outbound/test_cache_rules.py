"""What a shared cache may keep, and for how long (RFC 9111)."""

from __future__ import annotations

import pytest

from bff.policies.outbound.cache_rules import (
    create_stored,
    is_about,
    may_store,
    parse_directives,
    parse_targeted,
    renew_headers,
)
from bff.policies.outbound.cache_store import Stored
from tests.bff.policies.outbound.world import call, http

NOW, WALL = 1_000.0, 1_700_000_000.0


def stored(**headers: str) -> Stored | None:
    return create_stored(call(), http(b"1", **headers), took=2.0, now=NOW, wall=WALL)


@pytest.mark.parametrize(
    ("value", "directives"),
    [
        ("", {}),
        ("no-store", {"no-store": ""}),
        ('Max-Age=60, private="set-cookie, x"', {"max-age": "60", "private": "set-cookie, x"}),
        ("max-age=1, max-age=2", {"max-age": ""}),
        ("max-age=1, max-age=1", {"max-age": "1"}),
        ('ext="a, max-age=60', {"ext": "", "a": "", "max-age": "60", "no-cache": ""}),
    ],
)
def test_directives_of_a_header(value: str, directives: dict[str, str]) -> None:
    """Names in lower case, quoted arguments without their quotes; one with two values has none."""
    assert parse_directives(value) == directives


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache_control": "max-age=60"}, 58.0),
        ({"cache_control": "max-age=60", "age": "50"}, 8.0),
        ({"cache_control": "max-age=60, s-maxage=5"}, 3.0),
        ({"expires": "Tue, 14 Nov 2023 22:14:20 GMT", "date": "Tue, 14 Nov 2023 22:13:20 GMT"}, 58.0),
    ],
)
def test_freshness_is_what_the_upstream_says_less_the_age(headers: dict[str, str], seconds: float) -> None:
    """The time that the request took counts as age (section 4.2.3)."""
    made = stored(**headers)
    assert made is not None
    assert made.fresh_until == NOW + seconds


@pytest.mark.parametrize("headers", [{}, {"cache_control": "no-store"}, {"cache_control": "max-age=soon"}])
def test_nothing_is_kept_on_a_guess(headers: dict[str, str]) -> None:
    """Without freshness and without a validator a reply is of no use."""
    assert stored(**headers) is None


def test_a_reply_for_one_person_is_not_stored() -> None:
    """It has a cookie, or the call was authorized and the upstream did not allow it (section 3.5)."""
    public = parse_directives("max-age=60")
    assert may_store(call(), http(b"1"), public)
    assert not may_store(call(), http(b"1", set_cookie="a=1"), public)
    authorized = call(headers={"authorization": "Bearer x"})
    assert not may_store(authorized, http(b"1"), public)
    assert may_store(authorized, http(b"1"), parse_directives("public, max-age=60"))


def test_a_304_renews_headers_but_not_those_about_the_body() -> None:
    """Section 3.2."""
    kept = stored(cache_control="max-age=60", etag='"a"', content_type="text/plain", age="1")
    assert kept is not None
    reply = renew_headers(kept, {"cache-control": "max-age=90", "content-type": "text/html"})
    assert reply.headers == {"cache-control": "max-age=90", "etag": '"a"', "content-type": "text/plain"}
    assert reply.payload == b"1"


def test_a_304_is_about_the_reply_with_its_etag() -> None:
    """Weak and strong tags compare alike; without a tag it can only be about the one that was asked for."""
    kept = stored(cache_control="max-age=60", etag='W/"a"')
    assert kept is not None
    assert [is_about(kept, headers) for headers in ({}, {"etag": '"a"'}, {"etag": '"b"'})] == [True, True, False]


@pytest.mark.parametrize(
    ("value", "directives"),
    [
        ("max-age=60", {"max-age": "60"}),
        ("max-age=60, private", {"max-age": "60", "private": ""}),
        ("max-age=60;a=1;b , must-revalidate=?1", {"max-age": "60", "must-revalidate": ""}),
        ("max-age=1, max-age=60", {"max-age": "60"}),
        ("private=?0, max-age=60", {"max-age": "60"}),
        ('max-age="60"', {"max-age": ""}),
        ("max-age=-1", {"max-age": ""}),
        ('a="x, \\" y", max-age=60', {"a": "", "max-age": "60"}),
        ("", None),
        (" ", None),
        ("Max-Age=60", None),
        ("max-age=60,", None),
        ("max-age=60, &&&&&", None),
        ("max-age = 60", None),
        ("max-age=60 private", None),
        ('a="x', None),
    ],
)
def test_directives_of_a_targeted_header(value: str, directives: dict[str, str] | None) -> None:
    """A dictionary of structured fields, or nothing (RFC 9213)."""
    assert parse_targeted(value) == directives
