"""Merges calls that start together into one request. Used by the connector for queries.

A screen needs several fields of one upstream at once (reviews, ratings). Their calls have all started after two
iterations of the event loop, and one request costs the upstream less than several. A call never fails, and hardly
waits, because of the calls that it travels with: if the joint request fails, each call is sent again alone, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError
from connectors.graphql.schema_facts import Facts
from connectors.joint import JointBudget, find_joint_time

Outcome = Reply | UpstreamError | None
"""Failures are values, because a call may have been cancelled meanwhile. None: the joint request failed, and it is not
known whether this call is the cause."""
_MAX_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call with the facts of its operation."""

    call: Call
    facts: Facts


SendTogether = Callable[[Sequence[PreparedCall], float | None], Awaitable[Sequence[Outcome]]]
"""Sends calls with equal headers in one request, which may take so many seconds; their outcomes in the same order.

The outcome of a single call is never None."""


class Merger:
    """Groups calls that start together and have equal headers, so that each is sent with its own caller's headers."""

    def __init__(
        self,
        send_together: SendTogether,
        within: Literal["request", "process"] = "request",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`within`: whether only calls of one frontend's request are grouped, or all calls of the process."""
        self._send_together = send_together
        self._is_per_request = within == "request"
        self._clock = clock
        self._budget = JointBudget()
        self._gathering: dict[Hashable, list[_Waiter]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def send(self, prepared: PreparedCall) -> Outcome:
        """Send one call. The request is cancelled when all its calls are cancelled."""
        self._budget.earn()
        waiter = _Waiter(prepared, asyncio.get_running_loop().create_future())
        call = prepared.call
        identity = (call.request if self._is_per_request else 0, *sorted(call.headers.items()))
        group = self._gathering.setdefault(identity, [])
        group.append(waiter)
        if len(group) == 1:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._send_gathered, identity)
        outcome = await waiter.outcome
        if outcome is None:
            (outcome,) = await self._send_together([prepared], None)
        return outcome

    async def drain(self) -> None:
        """Wait until the requests in flight have ended; called after the transport is closed."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _send_gathered(self, identity: Hashable) -> None:
        waiting = [waiter for waiter in self._gathering.pop(identity) if not waiter.outcome.done()]
        for start in range(0, len(waiting), _MAX_TOGETHER):
            group = waiting[start : start + _MAX_TOGETHER]
            if len(group) == 1 or self._budget.can_pay(len(group)):
                self._start_request(group)
            else:
                for waiter in group:
                    waiter.outcome.set_result(None)

    def _start_request(self, group: Sequence[_Waiter]) -> None:
        task = asyncio.ensure_future(self._deliver(group))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

        def cancel_when_unused(_: object) -> None:
            if all(waiter.outcome.done() for waiter in group):
                task.cancel()  # without effect on a task that has delivered

        for waiter in group:
            waiter.outcome.add_done_callback(cancel_when_unused)

    async def _deliver(self, group: Sequence[_Waiter]) -> None:
        is_joint = len(group) > 1
        deadlines = [waiter.prepared.call.deadline for waiter in group]
        seconds = find_joint_time(deadlines, self._clock) if is_joint else None
        try:
            outcomes = await self._send_together([waiter.prepared for waiter in group], seconds)
        except Exception as error:  # noqa: BLE001 - the waiting calls must learn of a defect too
            for waiter in group:
                if not waiter.outcome.done():
                    waiter.outcome.set_exception(error)
            return
        if repeated := sum(outcome is None for outcome in outcomes):
            self._budget.spend(repeated, group[0].prepared.call.operation.upstream)
        for waiter, outcome in zip(group, outcomes, strict=True):
            if not waiter.outcome.done():
                waiter.outcome.set_result(outcome)


@dataclass(frozen=True, slots=True)
class _Waiter:
    prepared: PreparedCall
    outcome: asyncio.Future[Outcome]
