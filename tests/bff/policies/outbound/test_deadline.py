"""The deadline of a call."""

from __future__ import annotations

import asyncio

import pytest

from bff.policies.outbound.deadline import deadline
from connectors.aio.clock import SYSTEM_CLOCK
from connectors.errors import UpstreamTimeout
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import Upstream, call


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
