"""Calls started per second."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.policies.outbound.rate import TooFast, rate
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import Upstream, call, http, settle


async def test_a_second_of_calls_goes_at_once_and_then_evenly() -> None:
    """10/s: ten at once, then one every tenth of a second."""
    clock = ManualClock()
    upstream = Upstream()
    send = rate(10.0, clock)(upstream.send)
    tasks = [asyncio.create_task(send(call(id=n))) for n in range(13)]
    await settle()
    assert len(upstream.calls) == 10
    await clock.advance(0.101)
    assert len(upstream.calls) == 11
    await clock.advance(0.2)
    assert len(upstream.calls) == 13
    await asyncio.gather(*tasks)


async def test_a_turn_after_the_deadline_is_refused_now() -> None:
    """Waiting for what comes too late helps nobody; the refusal tells how long it would be."""
    clock = ManualClock()
    upstream = Upstream()
    send = rate(1.0, clock)(upstream.send)
    await send(call())
    with pytest.raises(TooFast) as refused:
        await send(call(deadline=0.5))
    assert refused.value.retry_after == pytest.approx(1.0)
    assert len(upstream.calls) == 1


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=60), st.sampled_from([0.5, 1.0, 7.0, 20.0]))
async def test_no_window_sees_more_than_the_rate_and_one_burst(gaps, per_second) -> None:
    """However calls arrive, between any two starts there are at most burst + rate * time of them."""
    starts: list[float] = []

    class Noted(ManualClock):
        async def sleep(self, seconds: float, /) -> None:
            starts.append(self.seconds + seconds)

    async def started(_):
        return http()

    clock = Noted()
    send = rate(per_second, clock)(started)
    for gap in gaps:
        clock.seconds += gap
        before = len(starts)
        await send(call())
        if len(starts) == before:
            starts.append(clock.seconds)
    starts.sort()
    burst = max(per_second, 1.0)
    for first in range(len(starts)):
        for last in range(first, len(starts)):
            assert last - first + 1 <= burst + (starts[last] - starts[first]) * per_second + 1e-6
