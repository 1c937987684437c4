"""Calls of one moment become one request. Used by the connector for queries.

A screen asks for several things of one upstream at once (reviews, ratings); they are all known after two turns of the
event loop, and one request costs the upstream less than several.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass

from connectors.contract import Call, Reply
from connectors.errors import UpstreamError
from connectors.graphql.schema_facts import Facts

Outcome = Reply | UpstreamError
"""Failures are values, because nobody may be waiting for one any more."""
_MOST_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, and what is known of its operation."""

    call: Call
    facts: Facts


SendTogether = Callable[[Sequence[Asked]], Awaitable[list[Outcome]]]
"""Sends calls with equal headers in one request; their outcomes in the same order."""


class Merger:
    """Groups calls of one moment with the same headers, so that nobody's answer is fetched in somebody else's name."""

    def __init__(self, send_together: SendTogether) -> None:
        self._send_together = send_together
        self._gathering: dict[Hashable, list[_Waiter]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def ask(self, asked: Asked) -> Outcome:
        """The outcome of one call. Cancelling the last one that waits for a request cancels the request."""
        waiter = _Waiter(asked, asyncio.get_running_loop().create_future())
        identity = tuple(sorted(asked.call.headers.items()))
        group = self._gathering.setdefault(identity, [])
        group.append(waiter)
        if len(group) == 1:
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._send_all, identity)
        return await waiter.outcome

    async def finish(self) -> None:
        """Wait for the requests under way; for when they cannot succeed any more."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _send_all(self, identity: Hashable) -> None:
        waiting = [waiter for waiter in self._gathering.pop(identity) if not waiter.outcome.done()]
        for start in range(0, len(waiting), _MOST_TOGETHER):
            self._send(waiting[start : start + _MOST_TOGETHER])

    def _send(self, group: Sequence[_Waiter]) -> None:
        task = asyncio.ensure_future(self._deliver(group))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

        def cancel_when_nobody_waits(_: object) -> None:
            if all(waiter.outcome.done() for waiter in group):
                task.cancel()  # without effect on a task that has delivered

        for waiter in group:
            waiter.outcome.add_done_callback(cancel_when_nobody_waits)

    async def _deliver(self, group: Sequence[_Waiter]) -> None:
        try:
            outcomes = await self._send_together([waiter.asked for waiter in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to those who wait
            for waiter in group:
                if not waiter.outcome.done():
                    waiter.outcome.set_exception(error)
            return
        for waiter, outcome in zip(group, outcomes, strict=True):
            if not waiter.outcome.done():
                waiter.outcome.set_result(outcome)


@dataclass(frozen=True, slots=True)
class _Waiter:
    asked: Asked
    outcome: asyncio.Future[Outcome]
