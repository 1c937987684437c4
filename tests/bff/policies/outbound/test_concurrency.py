"""Calls under way at once, and calls that wait."""

from __future__ import annotations

import asyncio

import pytest

from bff.policies.outbound.concurrency import QueueFull, concurrency
from connectors.errors import UpstreamRateLimited
from tests.bff.policies.outbound.world import Upstream, call, settle


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
