"""One upstream is brought up: the delays between attempts, by a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from bff.policies.outbound.options import Options
from bff.upstreams.upstream import Upstream, UpstreamSettings
from bff.upstreams.watch import CHECK_INTERVAL, INITIAL_DELAY, MAX_DELAY, Watch
from connectors.contract import Call, Operation, Reply
from connectors.errors import UpstreamUnreachable
from connectors.options import ConnectorOptions
from connectors.testing import ManualClock


class Down:
    """A connector that never starts, and notes when it was tried."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.tries: list[float] = []

    async def start(self) -> None:
        self.tries.append(self.clock.now())
        raise UpstreamUnreachable(Operation(upstream="shop", name="start"), "refused")

    async def close(self) -> None: ...
    async def check(self) -> None: ...
    async def send(self, call: Call) -> Reply:
        return Reply(None)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_delays_double_up_to_the_maximum_with_jitter(clock: ManualClock) -> None:
    """Between three quarters and all of 0.1, 0.2, 0.4 ... 5 seconds."""
    down = Down(clock)
    settings = UpstreamSettings(name="shop", kind="given", connector=ConnectorOptions(address="x"), policies=Options())
    watch = Watch(Upstream(settings, down, clock), clock)
    trying = asyncio.create_task(watch.until_ready())
    for _ in range(600):
        await clock.advance(0.05)
    trying.cancel()
    delays = [later - earlier for earlier, later in zip(down.tries, down.tries[1:], strict=False)]
    expected = [min(INITIAL_DELAY * 2**number, MAX_DELAY) for number in range(len(delays))]
    assert len(delays) > 6
    assert all(0.75 * most <= delay <= most + 1e-9 for delay, most in zip(delays, expected, strict=True))
    assert not watch.is_ready


class Sometimes:
    """A connector that is up or down, as the test says."""

    def __init__(self) -> None:
        self.is_up = True

    async def start(self) -> None: ...

    async def check(self) -> None:
        if not self.is_up:
            raise UpstreamUnreachable(Operation(upstream="shop", name="check"), "refused")

    async def close(self) -> None: ...

    async def send(self, call: Call) -> Reply:
        return Reply(None)


async def test_a_required_upstream_is_followed_both_ways(clock: ManualClock) -> None:
    """Three failures in a row, two successes in a row; less than that changes nothing."""
    shop = Sometimes()
    settings = UpstreamSettings(name="shop", kind="given", connector=ConnectorOptions(address="x"), policies=Options())
    watch = Watch(Upstream(settings, shop, clock), clock)
    await watch.until_ready()
    following = asyncio.create_task(watch.follow())

    async def state_after(checks: int, *, is_up: bool) -> bool:
        shop.is_up = is_up
        for _ in range(checks):
            await clock.advance(CHECK_INTERVAL)
        return watch.is_ready

    assert await state_after(2, is_up=False)
    assert await state_after(1, is_up=True)
    assert await state_after(2, is_up=False)
    assert not await state_after(1, is_up=False)
    assert not await state_after(1, is_up=True)
    assert not await state_after(1, is_up=False)
    assert await state_after(2, is_up=True)
    following.cancel()
