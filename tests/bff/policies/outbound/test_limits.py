"""Deadline, concurrency and rate: what bounds a call."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.policies.outbound.concurrency import QueueFull, concurrency
from bff.policies.outbound.deadline import deadline
from bff.policies.outbound.rate import TooFast, rate
from connectors.aio.clock import SYSTEM_CLOCK
from connectors.errors import UpstreamRateLimited, UpstreamTimeout
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import Upstream, call, http, settle


async def test_the_nearer_deadline_is_passed_on() -> None:
    """Everyone further in knows when an answer is of no more use."""
    upstream = Upstream()
    send = deadline(5.0, ManualClock(100.0))(upstream.send)
    await send(call())
    await send(call(deadline=102.0))
    await send(call(deadline=200.0))
    assert [each.deadline for each in upstream.calls] == [105.0, 102.0, 105.0]


async def test_a_hanging_upstream_is_given_up_and_cancelled() -> None:
    """The caller gets UpstreamTimeout in time, and nothing goes on in the back."""
    upstream = Upstream(gate=asyncio.Event())
    send = deadline(0.02, SYSTEM_CLOCK)(upstream.send)
    with pytest.raises(UpstreamTimeout, match=r"no reply in 0\.02 s"):
        await send(call())
    assert upstream.cancelled == 1


async def test_a_call_that_is_too_late_is_not_sent() -> None:
    """An unsafe call must not have an effect that nobody hears of."""
    upstream = Upstream()
    send = deadline(5.0, ManualClock(100.0))(upstream.send)
    with pytest.raises(UpstreamTimeout):
        await send(call(deadline=100.0))
    assert upstream.calls == []


async def test_no_more_calls_at_once_than_allowed() -> None:
    """The third call waits until one of the first two is done."""
    gate = asyncio.Event()
    upstream = Upstream(gate=gate)
    send = concurrency(2, 10)(upstream.send)
    tasks = [asyncio.create_task(send(call(id=n))) for n in range(6)]
    await settle()
    assert len(upstream.calls) == 2
    gate.set()
    await asyncio.gather(*tasks)
    assert upstream.most_busy == 2
    assert [each.arguments["id"] for each in upstream.calls] == list(range(6))


async def test_a_full_queue_refuses_at_once() -> None:
    """Waiting is bounded; the refusal is for frontends the same as an upstream that is too busy."""
    gate = asyncio.Event()
    send = concurrency(1, 1)(Upstream(gate=gate).send)
    tasks = [asyncio.create_task(send(call(id=n))) for n in range(2)]
    await settle()
    with pytest.raises(UpstreamRateLimited) as refused:
        await send(call(id=3))
    assert isinstance(refused.value, QueueFull)
    assert not refused.value.retryable
    gate.set()
    await asyncio.gather(*tasks)


async def test_who_leaves_the_queue_gives_its_place_back() -> None:
    """Cancelled waiters neither take a turn nor a place in the queue."""
    gate = asyncio.Event()
    upstream = Upstream(gate=gate)
    send = concurrency(1, 1)(upstream.send)
    first = asyncio.create_task(send(call(id=1)))
    await settle()
    waiting = asyncio.create_task(send(call(id=2)))
    await settle()
    waiting.cancel()
    await asyncio.wait([waiting])
    last = asyncio.create_task(send(call(id=3)))
    await settle()
    gate.set()
    await asyncio.gather(first, last)
    assert [each.arguments["id"] for each in upstream.calls] == [1, 3]


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
