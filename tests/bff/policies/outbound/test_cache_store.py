"""Where replies are kept: bounded by bytes, the unused go first."""

from __future__ import annotations

from bff.policies.outbound.cache_store import HttpCache, Stored
from connectors.contract import Reply


def stored(payload: bytes = b"1", **headers: str) -> Stored:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = Reply(payload=payload, headers=names)
    return Stored(reply=reply, made_at=0.0, fresh_until=1.0, usable_meanwhile_until=2.0, usable_on_error_until=3.0)


def test_what_is_kept_is_found() -> None:
    """A newer one takes the place of an older one."""
    cache = HttpCache(1_000_000)
    cache.keep("a", stored(b"1"))
    cache.keep("a", newer := stored(b"2"))
    assert cache.get("a") is newer
    assert cache.get("b") is None


def test_the_unused_go_first() -> None:
    """Each costs its bytes and about a kilobyte for what holds them."""
    cache = HttpCache(35_000)
    for key in "abc":
        cache.keep(key, stored(b"x" * 10_000))
    cache.get("a")
    cache.keep("d", stored(b"x" * 10_000))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]


def test_headers_count_too() -> None:
    """A reply without a body may still be large."""
    cache = HttpCache(20_000)
    cache.keep("a", stored(b"", x_large="x" * 30_000))
    assert cache.get("a") is None


def test_one_that_is_too_large_alone_is_not_kept() -> None:
    """And pushes nobody out."""
    cache = HttpCache(20_000)
    cache.keep("a", stored(b"1"))
    cache.keep("b", stored(b"x" * 30_000))
    assert cache.get("b") is None
    assert cache.get("a") is not None


def test_clearing_begins_a_new_era() -> None:
    """So that a fetch that was under way is not kept after it."""
    cache = HttpCache(20_000)
    cache.keep("a", stored())
    before = cache.era
    cache.clear()
    assert cache.get("a") is None
    assert cache.era != before


def test_validators_are_those_of_the_reply() -> None:
    """As the upstream wrote them."""
    kept = stored(etag='W/"7"', last_modified="yesterday")
    assert (kept.etag, kept.last_modified) == ('W/"7"', "yesterday")
    assert (stored().etag, stored().last_modified) == (None, None)
