"""The breaker: its three states, what counts, and who may try."""

from __future__ import annotations

import asyncio

import pytest

from bff.policies.outbound.breaker import Circuit, CircuitOpen, breaker
from bff.policies.outbound.options import Breaker
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamFailed,
    UpstreamFault,
    UpstreamNotFound,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.testing import ManualClock
from tests.bff.policies.outbound.world import READ, Upstream, call, http, settle

OPTIONS = Breaker.model_construct(consecutive_failures=3, open=10.0)


class World:
    def __init__(self, *answers, gate=None, patience=0.0) -> None:
        self.clock = ManualClock()
        self.upstream = Upstream(*answers, gate=gate)
        self.policy = breaker(OPTIONS, self.clock, patience=patience)
        self.send = self.policy(self.upstream.send)

    async def fail(self, times: int, error=UpstreamFailed) -> None:
        self.upstream.answers = [error]
        for _ in range(times):
            with pytest.raises(error):
                await self.send(call())

    async def is_open(self) -> bool:
        before = len(self.upstream.calls)
        self.upstream.answers = [http()]
        try:
            await self.send(call())
        except CircuitOpen:
            assert len(self.upstream.calls) == before
            return True
        return False


@pytest.mark.parametrize(
    "error", [UpstreamUnreachable, UpstreamTimeout, UpstreamUnavailable, UpstreamFailed, UpstreamDisconnected]
)
async def test_opens_after_failures_in_a_row(error) -> None:
    """Two failures are not enough, three are."""
    world = World()
    await world.fail(2, error)
    assert not await world.is_open()
    await world.fail(3, error)
    assert await world.is_open()


@pytest.mark.parametrize("error", [UpstreamNotFound, UpstreamRateLimited, UpstreamBadReply])
async def test_an_answer_is_no_failure(error) -> None:
    """An upstream that refuses a call works: refusals do not open, and end a row of failures."""
    world = World()
    await world.fail(2)
    await world.fail(5, error)
    await world.fail(2)
    assert not await world.is_open()


@pytest.mark.parametrize(("code", "opens"), [("soap:Client", False), ("env:Sender", False), ("soap:Server", True)])
async def test_a_fault_counts_unless_it_blames_the_message(code, opens) -> None:
    """SOAP services answer wrong input with a fault too."""
    world = World(UpstreamFault(READ, "no", upstream_code=code))
    for _ in range(3):
        with pytest.raises(UpstreamFault):
            await world.send(call())
    assert await world.is_open() is opens


async def test_says_when_it_will_be_tried_again() -> None:
    """The refusal is immediate, not retryable, and tells how long it lasts."""
    world = World()
    await world.fail(3)
    world.clock.seconds = 4.0
    with pytest.raises(UpstreamUnavailable, match=r"3 failures in a row; it is tried again in 6\.0 s") as refused:
        await world.send(call())
    assert refused.value.retry_after == 6.0
    assert not refused.value.retryable


async def begin_trial() -> tuple[World, asyncio.Event, asyncio.Task[object]]:
    """An open breaker whose time is over, and the one call that tries; it is answered when the gate opens."""
    gate = asyncio.Event()
    world = World(gate=gate)
    gate.set()
    await world.fail(3)
    gate.clear()
    world.clock.seconds = 10.0
    world.upstream.answers = [http()]
    trial = asyncio.create_task(world.send(call()))
    await settle()
    return world, gate, trial


async def test_one_call_tries_and_closes_it() -> None:
    """Half-open: while one call tries, others are refused; when it works, all go."""
    world, gate, trial = await begin_trial()
    with pytest.raises(CircuitOpen, match="another call is trying"):
        await world.send(call())
    gate.set()
    await trial
    assert not await world.is_open()


async def test_a_failed_trial_opens_it_again() -> None:
    """One failure is enough then, for the whole time again."""
    world = World()
    await world.fail(3)
    world.clock.seconds = 10.0
    await world.fail(1)
    world.clock.seconds = 19.9
    assert await world.is_open()
    world.clock.seconds = 20.0
    assert not await world.is_open()


async def test_a_cancelled_trial_leaves_the_try_to_the_next() -> None:
    """A frontend that hangs up in the middle of the trial does not lock the breaker."""
    world, gate, trial = await begin_trial()
    trial.cancel()
    await asyncio.wait([trial])
    gate.set()
    assert not await world.is_open()


async def test_a_late_result_of_before_changes_nothing() -> None:
    """A call that began while it was closed neither closes an open breaker nor frees the trial's place."""
    gate = asyncio.Event()
    world = World(http(), gate=gate)
    early = asyncio.create_task(world.send(call()))
    await settle()
    gate.set()
    world.upstream.gate = None
    await world.fail(3)
    world.upstream.answers = [http()]
    await early
    assert await world.is_open()


async def test_a_deadline_that_ends_a_call_counts() -> None:
    """The deadline is further out and cancels; seen from here that is a timeout when the deadline has passed."""
    world = World(gate=asyncio.Event(), patience=2.0)
    for _ in range(3):
        world.clock.seconds += 100
        task = asyncio.create_task(world.send(call(deadline=world.clock.seconds + 2)))
        await settle()
        world.clock.seconds += 2
        task.cancel()
        await asyncio.wait([task])
    with pytest.raises(CircuitOpen):
        await world.send(call())


async def test_a_caller_who_leaves_does_not_count() -> None:
    """Cancelled before the deadline: the upstream may be fine."""
    world = World(gate=asyncio.Event(), patience=2.0)
    for _ in range(5):
        task = asyncio.create_task(world.send(call(deadline=world.clock.seconds + 2)))
        await settle()
        task.cancel()
        await asyncio.wait([task])
    world.upstream.gate = None
    assert not await world.is_open()


async def test_a_timeout_without_a_fair_chance_does_not_count() -> None:
    """Requests that arrive with no time left must not shut out an upstream that is well."""
    world = World(patience=2.0)
    await world.fail(5, UpstreamTimeout)
    assert not await world.is_open()


async def test_one_breaker_for_all_that_it_wraps() -> None:
    """Publishing and calling go to the same upstream, so they share its state."""
    world = World()
    other = world.policy(Upstream(http()).send)
    await world.fail(3)
    with pytest.raises(CircuitOpen):
        await other(call())


def test_the_circuit_names_its_state() -> None:
    """closed, open, half-open."""
    clock = ManualClock()
    circuit = Circuit(OPTIONS, clock)
    assert circuit.state == "closed"
    for _ in range(3):
        circuit.record_failure(circuit.enter(READ), READ)
    assert circuit.state == "open"
    clock.seconds = 10.0
    assert circuit.state == "half-open"
