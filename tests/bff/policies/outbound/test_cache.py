"""The cache against the rules of RFC 9111 and RFC 5861, for a shared cache."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.policies.outbound.cache import cache
from bff.policies.outbound.cache_store import HttpCache
from connectors.contract import Reply
from connectors.errors import (
    UpstreamBadReply,
    UpstreamFailed,
    UpstreamNotFound,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from connectors.messages.json_slices import Bounds, decode_in_slices
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import READ, WRITE, Upstream, call, http, settle
from tests.connectors.watch import BOUND, outcome_of

EPOCH = 1_800_000_000.0
"""Wall clock at the beginning of each test."""
USER_A, USER_B = {"authorization": "Bearer a"}, {"authorization": "Bearer b"}


def date(seconds: float) -> str:
    """An HTTP date so many seconds after the test began."""
    return formatdate(EPOCH + seconds, usegmt=True)


class World:
    """A cache in front of an upstream, and a clock to move."""

    def __init__(self, *answers, most_bytes=1_000_000) -> None:
        self.clock = ManualClock()
        self.store = HttpCache(most_bytes)
        self.upstream = Upstream(*answers)
        self.send = cache(self.store, self.clock, lambda: EPOCH + self.clock.seconds)(self.upstream.send)

    @property
    def asked(self) -> int:
        return len(self.upstream.calls)

    async def bodies(self, *calls) -> list[bytes]:
        return [(await self.send(each)).payload for each in calls]


# How long a reply is fresh. Each case: the reply's headers, the request's, and at which second it must be asked again.
FRESHNESS = {
    "max-age": ({"cache_control": "max-age=60"}, {}, 60),
    "no headers": ({}, {}, 0),
    "no guess from last-modified (4.2.2)": ({"last_modified": date(-1000000)}, {}, 0),
    "s-maxage wins over max-age (5.2.2.10)": ({"cache_control": "max-age=10, s-maxage=60"}, {}, 60),
    "max-age wins over expires (5.3)": ({"cache_control": "max-age=60", "expires": date(10)}, {}, 60),
    "expires": ({"expires": date(60), "date": date(0)}, {}, 60),
    "expires without date": ({"expires": date(60)}, {}, 60),
    "expires in the past": ({"expires": date(-1)}, {}, 0),
    "expires=0 is in the past": ({"expires": "0"}, {}, 0),
    "age is taken off (4.2.3)": ({"cache_control": "max-age=60", "age": "20"}, {}, 40),
    "an old date is taken off (4.2.3)": ({"cache_control": "max-age=60", "date": date(-20)}, {}, 40),
    "the larger of age and date counts": ({"cache_control": "max-age=60", "date": date(-5), "age": "20"}, {}, 40),
    "a date in the future adds nothing": ({"cache_control": "max-age=60", "date": date(500)}, {}, 60),
    "older than it may be": ({"cache_control": "max-age=60", "age": "60"}, {}, 0),
    "no-store": ({"cache_control": "no-store, max-age=60"}, {}, 0),
    "private": ({"cache_control": "private, max-age=60"}, {}, 0),
    "private with fields": ({"cache_control": 'private="x-user", max-age=60'}, {}, 0),
    "no-cache": ({"cache_control": "no-cache, max-age=60"}, {}, 0),
    "directives in capitals": ({"cache_control": "Max-Age=60"}, {}, 60),
    "a quoted number": ({"cache_control": 'max-age="60"'}, {}, 60),
    "two values (4.2.1)": ({"cache_control": "max-age=60, max-age=1"}, {}, 0),
    "a value twice": ({"cache_control": "max-age=60, max-age=60"}, {}, 60),
    "a quote without end": ({"cache_control": 'max-age=60, ext="a'}, {}, 0),
    "single quotes": ({"cache_control": "max-age='60'"}, {}, 0),
    "a fraction": ({"cache_control": "max-age=60.0"}, {}, 0),
    "leading zeros": ({"cache_control": "max-age=0060"}, {}, 60),
    "an unreadable s-maxage hides max-age": ({"cache_control": "max-age=60, s-maxage=x"}, {}, 0),
    "an unreadable max-age hides expires": ({"cache_control": "max-age=x", "expires": date(60)}, {}, 0),
    "expires=-1": ({"expires": "-1"}, {}, 0),
    "expires as in RFC 850": ({"expires": "Friday, 15-Jan-27 08:01:00 GMT"}, {}, 60),
    "expires as in asctime": ({"expires": "Fri Jan 15 08:01:00 2027"}, {}, 60),
    "expires in capitals": ({"expires": date(60).upper()}, {}, 60),
    "expires in UTC": ({"expires": date(60).replace("GMT", "UTC")}, {}, 0),
    "expires in another zone": ({"expires": date(60).replace("GMT", "+0000")}, {}, 0),
    "expires with two digits of a year": ({"expires": date(60).replace("2027", "27")}, {}, 0),
    "expires without comma": ({"expires": date(60).replace(",", "")}, {}, 0),
    "expires with dashes": ({"expires": date(60).replace(" Jan ", "-Jan-")}, {}, 0),
    "expires with spaces": ({"expires": date(60).replace(" Jan ", "  Jan  ")}, {}, 0),
    "expires with periods": ({"expires": date(60).replace(":", ".")}, {}, 0),
    "expires on a day that is none": ({"expires": date(60).replace("15 Jan", "45 Jan")}, {}, 0),
    "expires twice": ({"expires": f"{date(60)}, {date(90)}"}, {}, 0),
    "an unreadable date is none": ({"expires": date(60), "date": "today"}, {}, 60),
    "age in words": ({"cache_control": "max-age=60", "age": "old"}, {}, 0),
    "a negative age": ({"cache_control": "max-age=60", "age": "-1"}, {}, 0),
    "a fraction of an age": ({"cache_control": "max-age=60", "age": "1.0"}, {}, 0),
    "an empty age": ({"cache_control": "max-age=60", "age": ""}, {}, 0),
    "two ages": ({"cache_control": "max-age=60", "age": "0, 50"}, {}, 0),
    "an age twice": ({"cache_control": "max-age=60", "age": "20, 20"}, {}, 40),
    "a huge age": ({"cache_control": "max-age=60", "age": "9" * 30}, {}, 0),
    "unreadable age and no grace": ({"cache_control": "max-age=60, stale-if-error=9", "age": "x"}, {}, 0),
    "targeted (RFC 9213)": ({"cdn_cache_control": "max-age=60"}, {}, 60),
    "targeted wins, shorter": ({"cdn_cache_control": "max-age=20", "cache_control": "max-age=60"}, {}, 20),
    "targeted wins, longer": ({"cdn_cache_control": "max-age=60", "cache_control": "no-store"}, {}, 60),
    "targeted no-store": ({"cdn_cache_control": "no-store", "cache_control": "max-age=60"}, {}, 0),
    "targeted private": ({"cdn_cache_control": "private", "expires": date(60)}, {}, 0),
    "targeted hides expires": ({"cdn_cache_control": "must-revalidate", "expires": date(60)}, {}, 0),
    "targeted, invalid": ({"cdn_cache_control": "max-age=60, &&", "cache_control": "no-store"}, {}, 0),
    "targeted, invalid, else": ({"cdn_cache_control": "max-age=60, &&", "cache_control": "max-age=20"}, {}, 20),
    "targeted, empty": ({"cdn_cache_control": "", "cache_control": "max-age=20"}, {}, 20),
    "targeted, wrong type": ({"cdn_cache_control": 'max-age="60"', "cache_control": "no-store"}, {}, 0),
    "targeted and authorized": ({"cdn_cache_control": "max-age=60", "cache_control": "public"}, USER_A, 0),
    "a directive inside of quotes is text": ({"cache_control": 'ext="a, max-age=60"'}, {}, 0),
    "not a number": ({"cache_control": "max-age=soon"}, {}, 0),
    "negative": ({"cache_control": "max-age=-1"}, {}, 0),
    "too large": ({"cache_control": "max-age=99999999999999999999"}, {}, 2**31),
    "vary: *": ({"cache_control": "max-age=60", "vary": "*"}, {}, 0),
    "vary on what is not sent": ({"cache_control": "max-age=60", "vary": "accept-language"}, {}, 60),
    "vary on tracing": ({"cache_control": "max-age=60", "vary": "X-Request-Id"}, {"x-request-id": "1"}, 0),
    "authorized (3.5)": ({"cache_control": "max-age=60"}, USER_A, 0),
    "authorized and public": ({"cache_control": "max-age=60, public"}, USER_A, 60),
    "authorized and s-maxage": ({"cache_control": "s-maxage=60"}, USER_A, 60),
    "authorized and must-revalidate": ({"cache_control": "max-age=60, must-revalidate"}, USER_A, 60),
    "a cookie": ({"cache_control": "max-age=60, public", "set_cookie": "session=1"}, {}, 0),
    "the caller wants no-store": ({"cache_control": "max-age=60"}, {"cache-control": "no-store"}, 0),
    "the caller wants no-cache": ({"cache_control": "max-age=60"}, {"cache-control": "no-cache"}, 0),
    "the caller has a condition": ({"cache_control": "max-age=60"}, {"if-none-match": '"1"'}, 0),
    "the caller wants a part": ({"cache_control": "max-age=60"}, {"range": "bytes=0-1"}, 0),
}


@pytest.mark.parametrize(("reply", "request_", "fresh"), FRESHNESS.values(), ids=FRESHNESS.keys())
async def test_fresh_for_as_long_as_the_upstream_says(reply, request_, fresh) -> None:
    """Asked once while it is fresh, and again as soon as it is not."""
    world = World(http(**reply))
    await world.send(call(headers=request_))
    if fresh:
        world.clock.seconds = fresh - 0.5
        await world.send(call(headers=request_))
        assert world.asked == 1
    world.clock.seconds = fresh
    await world.send(call(headers=request_))
    assert world.asked == 2


async def test_an_answer_from_the_cache_tells_its_age() -> None:
    """Seconds since the upstream made it, fresh or stale, and never the age with which it came (section 5.1)."""
    world = World(http(cache_control="max-age=60, stale-if-error=600", age="20", date=date(-5)), UpstreamUnavailable)
    first = await world.send(call())
    assert first.headers["age"] == "20"
    for seconds, age in ((0, "20"), (9.9, "29"), (100, "120")):
        world.clock.seconds = seconds
        reply = await world.send(call())
        assert (reply.headers["age"], reply.headers["date"]) == (age, date(-5))
    assert first.headers["age"] == "20"


@pytest.mark.parametrize(
    ("reply", "is_kept"),
    [
        (http(status=203, cache_control="max-age=60"), True),
        (Reply(None, status=204, headers={"cache-control": "max-age=60"}), True),
        (Reply(None, status=404, headers={"cache-control": "max-age=60"}), True),
        (http(status=206, cache_control="max-age=60"), False),
        (http(status=500, cache_control="max-age=60"), False),
        (Reply({"a": 1}, status=200, headers={"cache-control": "max-age=60"}), False),
        (Reply(b"{}", headers={"cache-control": "max-age=60"}), False),
    ],
    ids=["203", "204", "404 as null", "206", "500", "not bytes", "not HTTP"],
)
async def test_what_can_be_kept(reply, is_kept) -> None:
    """Whole answers over HTTP, still as bytes."""
    world = World(reply)
    await world.send(call())
    await world.send(call())
    assert world.asked == (1 if is_kept else 2)


async def test_a_broken_reply_is_not_kept() -> None:
    """What cannot be decoded would be broken for everyone until it expires."""

    def decode(_):
        raise UpstreamBadReply(READ, "cut off")

    world = World(Reply(b'{"a":', decode=decode, status=200, headers={"cache-control": "max-age=60"}))
    await world.send(call())
    assert len(world.store) == 0


async def test_each_caller_gets_a_reply_of_its_own() -> None:
    """Two callers point at different parts of the same kept reply."""
    world = World(Reply(b"[1]", decode=lambda _: {"a": 1, "b": 2}, status=200, headers={"cache-control": "max-age=9"}))
    first, second, third = [await world.send(call()) for _ in range(3)]
    assert first.point_at(("a",)).data == 1
    assert second.point_at(("b",)).data == 2
    assert third.data == {"a": 1, "b": 2}
    assert len({id(first), id(second), id(third)}) == 3


async def test_a_reply_for_one_user_never_reaches_another() -> None:
    """Even when the upstream says `public` and forgets to vary on who asks."""

    async def who(sent):
        return http(sent.headers.get("authorization", "nobody").encode(), cache_control="public, max-age=60")

    send = cache(HttpCache(1_000_000), ManualClock())(who)
    calls = [call(headers=headers) for headers in (USER_A, USER_B, {}, USER_A, USER_B, {})]
    assert [(await send(each)).payload for each in calls] == [b"Bearer a", b"Bearer b", b"nobody"] * 2


@given(st.lists(st.tuples(st.integers(1, 2), st.sampled_from(["", "a", "b"]), st.sampled_from(["", "de", "fr"]))))
async def test_whatever_is_asked_in_whatever_order_everyone_gets_their_own(asked) -> None:
    """The answer depends on everything in the call; the cache must never mix two of them up."""

    async def echo(sent):
        return http(f"{sent.arguments}{dict(sent.headers)}".encode(), cache_control="public, max-age=60", vary="lang")

    send = cache(HttpCache(1_000_000), ManualClock())(echo)
    for id, user, language in asked:
        headers = {name: value for name, value in (("authorization", user), ("lang", language)) if value}
        reply = await send(call(id=id, headers=headers))
        assert reply.payload == f"{ {'id': id} }{headers}".replace("{ {", "{{").encode()


async def test_a_stale_reply_is_confirmed_by_its_etag() -> None:
    """If-None-Match, 304, and it is fresh again as the 304 says (sections 4.3.1 and 4.3.4)."""
    world = World(
        http(b"1", cache_control="max-age=10", etag='"v1"'),
        Reply(None, status=304, headers={"cache-control": "max-age=100", "etag": '"v1"', "x-new": "yes"}),
    )
    await world.send(call())
    world.clock.seconds = 50
    confirmed = await world.send(call())
    assert (confirmed.payload, confirmed.status, confirmed.headers["x-new"]) == (b"1", 200, "yes")
    assert world.upstream.headers[1]["if-none-match"] == '"v1"'
    world.clock.seconds = 149
    assert await world.bodies(call()) == [b"1"]
    assert world.asked == 2


async def test_a_stale_reply_is_confirmed_by_its_date() -> None:
    """If-Modified-Since where there is no entity tag."""
    world = World(
        http(b"1", cache_control="max-age=10", last_modified=date(-100), date=date(0)), Reply(None, status=304)
    )
    await world.send(call())
    world.clock.seconds = 50
    assert await world.bodies(call()) == [b"1"]
    assert world.upstream.headers[1] == {"if-modified-since": date(-100)}
    world.clock.seconds = 59
    await world.send(call())
    assert world.asked == 2


async def test_a_304_that_a_connector_raises_confirms_too() -> None:
    """Some connectors take every 3xx for an error; its code says what it was."""
    world = World(
        http(b"1", cache_control="max-age=10", etag='"v1"'), UpstreamBadReply(READ, "redirect", upstream_code="304")
    )
    await world.send(call())
    world.clock.seconds = 50
    assert await world.bodies(call(), call()) == [b"1", b"1"]
    assert world.asked == 2


async def test_no_cache_is_kept_and_confirmed_each_time() -> None:
    """`no-cache` does not mean `no-store` (section 5.2.2.4)."""
    world = World(http(b"1", cache_control="no-cache", etag='"v1"'), Reply(None, status=304))
    assert await world.bodies(call(), call(), call()) == [b"1"] * 3
    assert [headers.get("if-none-match") for headers in world.upstream.headers] == [None, '"v1"', '"v1"']


async def test_a_changed_reply_takes_the_place_of_the_old() -> None:
    """200 instead of 304."""
    world = World(http(b"1", cache_control="max-age=10", etag='"v1"'), http(b"2", cache_control="max-age=10"))
    await world.send(call())
    world.clock.seconds = 10
    assert await world.bodies(call(), call()) == [b"2", b"2"]
    assert world.asked == 2


async def test_a_304_about_another_version_confirms_nothing() -> None:
    """Its entity tag is not the kept one's, so the reply is asked for anew without a condition (section 4.3.4)."""
    world = World(
        http(b"1", cache_control="max-age=10", etag='"v1"'),
        Reply(None, status=304, headers={"etag": '"v2"'}),
        http(b"2"),
    )
    await world.send(call())
    world.clock.seconds = 10
    assert await world.bodies(call()) == [b"2"]
    assert "if-none-match" not in world.upstream.headers[2]


@pytest.mark.parametrize("error", [UpstreamTimeout, UpstreamUnavailable, UpstreamFailed])
async def test_stale_if_error_bridges_an_outage(error) -> None:
    """Within the time that the upstream allows, an old answer is better than none (RFC 5861 section 4)."""
    world = World(http(b"1", cache_control="max-age=10, stale-if-error=30"), error)
    await world.send(call())
    world.clock.seconds = 39
    assert await world.bodies(call()) == [b"1"]
    world.clock.seconds = 40
    with pytest.raises(error):
        await world.send(call())


async def test_stale_if_error_does_not_hide_an_answer() -> None:
    """`Not found` is an answer, not an outage."""
    world = World(http(b"1", cache_control="max-age=10, stale-if-error=30"), UpstreamNotFound)
    await world.send(call())
    world.clock.seconds = 20
    with pytest.raises(UpstreamNotFound):
        await world.send(call())


@pytest.mark.parametrize("forbids", ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=10"])
@pytest.mark.parametrize("allows", ["stale-if-error=30", "stale-while-revalidate=30"])
async def test_what_must_not_be_stale_never_is(forbids, allows) -> None:
    """Section 4.2.4 goes before RFC 5861."""
    world = World(http(b"1", cache_control=f"max-age=10, {allows}, {forbids}"), UpstreamUnavailable)
    await world.send(call())
    world.clock.seconds = 20
    with pytest.raises(UpstreamUnavailable):
        await world.send(call())


async def test_stale_while_revalidate_answers_now_and_fetches_once_in_the_back() -> None:
    """Everyone gets the old reply at once, one call goes out, and then the new one is there (RFC 5861 section 3)."""
    world = World(
        http(b"1", cache_control="max-age=10, stale-while-revalidate=30"), http(b"2", cache_control="max-age=10")
    )
    world.upstream.gate = asyncio.Event()
    world.upstream.gate.set()
    await world.send(call())
    world.clock.seconds = 20
    world.upstream.gate.clear()
    assert await world.bodies(call(deadline=21), call(), call()) == [b"1"] * 3
    await settle()
    assert world.asked == 2
    assert world.upstream.calls[1].deadline is None
    world.upstream.gate.set()
    await settle()
    assert await world.bodies(call()) == [b"2"]


async def test_a_failed_fetch_in_the_back_is_tried_again() -> None:
    """It disturbs nobody, and the next request starts another one."""
    world = World(http(b"1", cache_control="max-age=10, stale-while-revalidate=30"), UpstreamUnavailable)
    await world.send(call())
    world.clock.seconds = 20
    for asked in (2, 3):
        assert await world.bodies(call()) == [b"1"]
        await settle()
        assert world.asked == asked


async def test_fetches_in_the_back_are_bounded(monkeypatch) -> None:
    """When as many are under way as may be, the next caller waits for its own."""
    monkeypatch.setattr("bff.policies.outbound.cache.MAX_REFRESHES", 1)
    world = World(http(b"1", cache_control="max-age=10, stale-while-revalidate=30"))
    await world.bodies(call(id=1), call(id=2))
    world.clock.seconds = 20
    world.upstream.gate = asyncio.Event()
    assert await world.bodies(call(id=1)) == [b"1"]
    waiting = asyncio.create_task(world.send(call(id=2)))
    await settle()
    assert not waiting.done()
    world.upstream.gate.set()
    assert (await waiting).payload == b"1"


async def test_an_unsafe_call_that_worked_forgets_everything() -> None:
    """What was changed must be seen by the next read (section 4.4)."""
    world = World(http(b"1", cache_control="max-age=60"))
    await world.bodies(call(id=1), call(id=2), call(WRITE), call(id=1))
    assert world.asked == 4


async def test_an_unsafe_call_that_failed_forgets_nothing() -> None:
    """Section 4.4 asks for it only after a non-error answer."""
    world = World(http(b"1", cache_control="max-age=60"), UpstreamUnavailable)
    await world.send(call())
    with pytest.raises(UpstreamUnavailable):
        await world.send(call(WRITE))
    assert await world.bodies(call()) == [b"1"]


async def test_a_read_that_a_write_overtook_is_not_kept() -> None:
    """It may show what was before the write."""
    world = World(http(b"old", cache_control="max-age=60"))
    world.upstream.gate = asyncio.Event()
    reading = asyncio.create_task(world.send(call()))
    await settle()
    gate, world.upstream.gate = world.upstream.gate, None
    await world.send(call(WRITE))
    gate.set()
    assert (await reading).payload == b"old"
    assert len(world.store) == 0


async def test_bounded_by_bytes_and_the_unused_go_first() -> None:
    """Four replies of about a kilobyte and a half into six kilobytes: the one not looked at for longest goes."""
    world = World(http(b"x" * 400, cache_control="max-age=60"), most_bytes=6_000)
    await world.bodies(call(id=1), call(id=2), call(id=3), call(id=1), call(id=4))
    assert world.store.weight <= 6_000
    asked = world.asked
    await world.bodies(call(id=1), call(id=3), call(id=4))
    assert world.asked == asked
    await world.send(call(id=2))
    assert world.asked == asked + 1


async def test_a_reply_larger_than_the_cache_is_passed_on() -> None:
    """And drives nothing else out."""
    world = World(
        http(b"x" * 10_000, cache_control="max-age=60"), http(b"1", cache_control="max-age=60"), most_bytes=5_000
    )
    assert len((await world.bodies(call(id=1)))[0]) == 10_000
    assert world.store.weight == 0


async def test_a_large_reply_is_checked_in_slices() -> None:
    """Whether it can be decoded; 4 MB of empty lists kept the loop for as long as decoding all of them takes."""

    class LargeDecoder:
        def __call__(self, body: bytes) -> object:
            raise AssertionError("decoded at once")

        async def in_slices(self, body: bytes) -> object:
            if body == b"broken":
                raise UpstreamBadReply(READ, "it is broken")
            return await decode_in_slices(body, Bounds(100))

    for body, is_kept in ((b"[" + b",".join([b"[]"] * 1_000_000) + b"]", True), (b"broken", False)):
        reply = Reply(body, decode=LargeDecoder(), status=200, headers={"cache-control": "max-age=60"})
        world = World(reply, reply, most_bytes=10_000_000)
        _, longest = await outcome_of(partial(world.send, call()))
        assert longest < BOUND
        await world.send(call())
        assert (world.asked == 1) is is_kept
