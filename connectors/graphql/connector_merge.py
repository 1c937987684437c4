"""Merges calls that start together into one request. Used by the connector for queries.

A screen needs several fields of one upstream at once (reviews, ratings). Their calls have all started after two
iterations of the event loop, and one request costs the upstream less than several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from connectors.contract import Call, Reply
from connectors.errors import UpstreamError
from connectors.graphql.schema_facts import Facts

Outcome = Reply | UpstreamError
"""Failures are values, because a call may have been cancelled meanwhile."""
_MAX_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call with the facts of its operation."""

    call: Call
    facts: Facts


SendTogether = Callable[[Sequence[PreparedCall]], Awaitable[list[Outcome]]]
"""Sends calls with equal headers in one request and returns their outcomes in the same order."""


class Merger:
    """Groups calls that start together and have equal headers, so that each is sent with its own caller's headers."""

    def __init__(self, send_together: SendTogether) -> None:
        self._send_together = send_together
        self._gathering: dict[Hashable, list[_Waiter]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def send(self, prepared: PreparedCall) -> Outcome:
        """Send one call. The request is cancelled when all its calls are cancelled."""
        waiter = _Waiter(prepared, asyncio.get_running_loop().create_future())
        identity = tuple(sorted(prepared.call.headers.items()))
        group = self._gathering.setdefault(identity, [])
        group.append(waiter)
        if len(group) == 1:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._send_gathered, identity)
        return await waiter.outcome

    async def drain(self) -> None:
        """Wait until the requests in flight have ended; called after the transport is closed."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _send_gathered(self, identity: Hashable) -> None:
        waiting = [waiter for waiter in self._gathering.pop(identity) if not waiter.outcome.done()]
        for start in range(0, len(waiting), _MAX_TOGETHER):
            self._start_request(waiting[start : start + _MAX_TOGETHER])

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
        try:
            outcomes = await self._send_together([waiter.prepared for waiter in group])
        except Exception as error:  # noqa: BLE001 - the waiting calls must learn of a defect too
            for waiter in group:
                if not waiter.outcome.done():
                    waiter.outcome.set_exception(error)
            return
        for waiter, outcome in zip(group, outcomes, strict=True):
            if not waiter.outcome.done():
                waiter.outcome.set_result(outcome)


@dataclass(frozen=True, slots=True)
class _Waiter:
    prepared: PreparedCall
    outcome: asyncio.Future[Outcome]
