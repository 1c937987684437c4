"""Single flight: identical safe calls that are under way at once become one."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from bff.policies.outbound.identity import key_of
from bff.policies.outbound.policy import Clock, Policy, Send
from connectors.contract import Call, Reply
from connectors.errors import UpstreamTimeout

Outcome = Reply | Exception
"""Errors travel as values, so that one which nobody waits for any more is never an unretrieved exception."""


@dataclass(slots=True)
class _Flight:
    waiters: set[asyncio.Future[Outcome]] = field(default_factory=set)
    task: asyncio.Task[None] | None = None


def share(clock: Clock) -> Policy:
    """Join callers of one reply. Each keeps its own deadline; the call is cancelled when the last one has left.

    The call itself carries no caller's deadline, so that the first one's cannot end it for the others; the upstream's
    `timeout` further in bounds it, counted from when the first one asked.
    """
    flights: dict[Hashable, _Flight] = {}

    def around(send: Send) -> Send:
        async def fly(key: Hashable, flight: _Flight, call: Call) -> None:
            try:
                outcome: Outcome = await send(replace(call, deadline=None))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the waiters' to raise
                outcome = error
            _forget(flights, key, flight)
            for waiter in flight.waiters:
                if not waiter.done():
                    waiter.set_result(outcome)

        async def send_once(call: Call) -> Reply:
            if not call.operation.is_safe:
                return await send(call)
            left = None if call.deadline is None else call.deadline - clock()
            if left is not None and left <= 0:
                raise UpstreamTimeout(call.operation, "the deadline had passed before the call could be sent")
            key = key_of(call)
            flight = flights.get(key)
            if flight is None:
                flight = flights[key] = _Flight()
                flight.task = asyncio.create_task(fly(key, flight, call))
            outcome = await _outcome(flights, key, flight, call, left)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome.pointed(())  # one each, so that no caller can touch what another one holds

        return send_once

    return around


async def _outcome(
    flights: dict[Hashable, _Flight], key: Hashable, flight: _Flight, call: Call, left: float | None
) -> Outcome:
    """What the flight comes to, or UpstreamTimeout after `left` seconds.

    Plain futures and timers: `asyncio.shield` and `asyncio.timeout` would take three times as long.
    """
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[Outcome] = loop.create_future()
    flight.waiters.add(waiter)
    timer = None if left is None else loop.call_later(left, _give_up, waiter, call)
    try:
        return await waiter
    finally:
        if timer is not None:
            timer.cancel()
        flight.waiters.discard(waiter)
        if not flight.waiters and flight.task is not None and not flight.task.done():
            _forget(flights, key, flight)  # who comes now must not join a call that is ending
            flight.task.cancel()
            await asyncio.wait([flight.task])  # until the upstream has noticed: nothing outlives its callers


def _forget(flights: dict[Hashable, _Flight], key: Hashable, flight: _Flight) -> None:
    """Take the flight out, but not another one that has taken its place."""
    if flights.get(key) is flight:
        del flights[key]


def _give_up(waiter: asyncio.Future[Outcome], call: Call) -> None:
    if not waiter.done():
        waiter.set_result(UpstreamTimeout(call.operation, "no reply before the deadline of the request"))
