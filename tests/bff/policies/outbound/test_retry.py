"""Retry: what is repeated, how often, after which pause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.policies.outbound.options import Retry
from bff.policies.outbound.retry import RESERVE, retry
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import READ, REPLACE, WRITE, Upstream, call, http


class Sleeps(ManualClock):
    """Passes time at once and remembers how much."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    async def sleep(self, seconds: float, /) -> None:
        self.taken.append(seconds)
        self.seconds += seconds


def around(upstream: Upstream, *, attempts=2, first=0.1, most=1.0, draw=lambda low, high: high):
    sleeps = Sleeps()
    options = Retry.model_construct(attempts=attempts, initial_delay=first, max_delay=most)
    return retry(options, sleeps, draw=draw)(upstream.send), sleeps


async def test_asks_again_until_it_works() -> None:
    """Two failures that pass are two repetitions."""
    upstream = Upstream(UpstreamUnavailable, UpstreamDisconnected, http(b"1"))
    send, sleeps = around(upstream)
    assert (await send(call())).payload == b"1"
    assert len(upstream.calls) == 3
    assert sleeps.taken == [0.1, 0.2]


async def test_gives_up_after_its_attempts() -> None:
    """The last error is what the caller sees."""
    upstream = Upstream(UpstreamUnavailable, UpstreamUnavailable, UpstreamTimeout)
    send, _ = around(upstream)
    with pytest.raises(UpstreamTimeout):
        await send(call())
    assert len(upstream.calls) == 3


@pytest.mark.parametrize(
    ("operation", "error", "times"),
    [
        (READ, UpstreamRejected, 1),
        (WRITE, UpstreamDisconnected, 1),
        (WRITE, UpstreamTimeout, 1),
        (WRITE, UpstreamUnreachable, 3),
        (REPLACE, UpstreamDisconnected, 3),
    ],
)
async def test_repeats_only_what_can_do_no_harm(operation, error, times) -> None:
    """An unsafe call is repeated only when the upstream surely did nothing (RFC 9110 section 9.2.2)."""
    upstream = Upstream(error)
    send, _ = around(upstream)
    with pytest.raises(error):
        await send(call(operation))
    assert len(upstream.calls) == times


async def test_waits_as_long_as_the_upstream_asks() -> None:
    """retry_after comes before the jitter."""
    upstream = Upstream(UpstreamUnavailable(READ, "busy", retry_after=3.0), http())
    send, sleeps = around(upstream, draw=lambda low, high: 0.05)
    await send(call(deadline=10.0))
    assert sleeps.taken == [3.05]


async def test_never_waits_past_the_deadline() -> None:
    """A pause that would end after the deadline is not begun."""
    upstream = Upstream(UpstreamUnavailable(READ, "busy", retry_after=3.0))
    send, sleeps = around(upstream)
    with pytest.raises(UpstreamUnavailable):
        await send(call(deadline=2.0))
    assert sleeps.taken == []
    assert len(upstream.calls) == 1


async def test_a_budget_keeps_repetitions_to_a_tenth() -> None:
    """When everything fails, the upstream gets its calls, ten repetitions, and one more for every ten calls."""
    upstream = Upstream(UpstreamUnavailable)
    send, _ = around(upstream)
    for _ in range(200):
        with pytest.raises(UpstreamUnavailable):
            await send(call())
    repetitions = len(upstream.calls) - 200
    assert RESERVE <= repetitions <= RESERVE + 200 * 0.1


@given(st.lists(st.floats(0, 1), min_size=8, max_size=8), st.floats(0.001, 0.5), st.floats(0.5, 2))
async def test_pauses_stay_within_their_bounds(luck, first, most) -> None:
    """Full jitter: each pause is drawn from nothing up to twice the bound of the one before, and never above `most`."""
    drawn = iter(luck)
    bounds: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        bounds.append((low, high))
        return low + (high - low) * next(drawn)

    send, sleeps = around(Upstream(UpstreamUnavailable), attempts=8, first=first, most=most, draw=draw)
    with pytest.raises(UpstreamUnavailable):
        await send(call())
    assert bounds == [(0.0, min(first * 2**n, most)) for n in range(8)]
    assert all(0 <= pause <= most for pause in sleeps.taken)
