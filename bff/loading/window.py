"""Windows: batches of several requests for one endpoint become one call, where nothing but their keys differs.

Called by scopes, for upstreams that have a `window`. A batch waits that long for others; it leaves earlier when it is
full. The call belongs to all who ask: it has the latest of their deadlines, and ends when the last of them has left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextvars import copy_context
from copy import deepcopy
from dataclasses import dataclass, field

from msgspec.structs import replace

from bff.contract import timings
from bff.loading.answered import Answered, Outcome
from bff.loading.upstream import Reachable
from connectors.aio.single_flight import SharedResult
from connectors.batching import bound_records
from connectors.contract import Call, Reply
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamTimeout

Waiter = SharedResult[Answered | Exception]


@dataclass(slots=True)
class _Gathering:
    """Asks that go out together."""

    key: Hashable
    endpoint: Endpoint
    upstream: Reachable
    calls: list[Call] = field(default_factory=list)
    keys: dict[Hashable, None] = field(default_factory=dict)
    """Of all, each once, in the order asked."""
    waiters: dict[Waiter, Call] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None


class Windows:
    """The asks of all requests that wait for others."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Gathering] = {}

    async def ask(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> Answered:
        """What comes of a call with keys, which may become one with others under the same key.

        `key` must hold all that the reply may depend on but the keys. Raises UpstreamError.
        """
        assert endpoint.batch is not None
        gathering = self._gathering(key, upstream, endpoint, call)
        gathering.calls.append(call)
        gathering.keys.update(dict.fromkeys(call.keys))
        if len(gathering.keys) >= endpoint.batch.limit:
            self._leave(gathering)
        outcome = await self._outcome(gathering, call)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _gathering(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> _Gathering:
        """The one that has room for this call, or a new one."""
        assert endpoint.batch is not None
        found = self._open.get(key)
        if found is not None and len(found.keys.keys() | call.keys) > endpoint.batch.limit:
            self._leave(found)
            found = None
        if found is None:
            found = self._open[key] = _Gathering(key, endpoint, upstream)
            loop = asyncio.get_running_loop()
            found.timer = loop.call_later(upstream.window or 0, self._leave, found)
        return found

    def _leave(self, gathering: _Gathering) -> None:
        """Nobody can join any more; the call is made, in nobody's task."""
        self._close(gathering)
        context = copy_context()
        context.run(timings.set, None)  # everyone notes a time of its own
        gathering.task = asyncio.get_running_loop().create_task(_carry_out(gathering), context=context)

    def _close(self, gathering: _Gathering) -> None:
        if self._open.get(gathering.key) is gathering:
            del self._open[gathering.key]
        if gathering.timer is not None:
            gathering.timer.cancel()

    async def _outcome(self, gathering: _Gathering, call: Call) -> Answered | Exception:
        waiter: Waiter = SharedResult()
        gathering.waiters[waiter] = call
        try:
            outcome = await waiter.wait(call.left())
        finally:
            del gathering.waiters[waiter]
            if not gathering.waiters:
                self._close(gathering)
                await _end(gathering.task)
        if outcome is None:
            return UpstreamTimeout(call.operation, "no reply before the deadline of the request")
        return outcome


async def _carry_out(gathering: _Gathering) -> None:
    call = _together(gathering)
    reply: Outcome
    try:
        reply = await gathering.upstream.send(call)
        bound_records(reply, call.operation, gathering.upstream.max_records)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the waiters' to raise
        reply = error
    answered = Answered(tuple(gathering.keys), reply, is_single=not call.keys)
    if len(gathering.calls) == 1:
        _answer(gathering, lambda _: answered)
    else:
        _answer(gathering, _Dealt(answered, gathering.endpoint).to)


def _answer(gathering: _Gathering, answer: Callable[[Call], Answered]) -> None:
    for waiter, call in gathering.waiters.items():
        try:
            waiter.finish(answer(call))
        except Exception as error:  # noqa: BLE001 - as above
            waiter.finish(error)


def _together(gathering: _Gathering) -> Call:
    """One call for all, in the single form where one key is asked for and there is one."""
    deadlines = [call.deadline for call in gathering.calls]
    latest = None if None in deadlines else max(deadline for deadline in deadlines if deadline is not None)
    first, keys, endpoint = gathering.calls[0], tuple(gathering.keys), gathering.endpoint
    if len(keys) > 1 or not endpoint.has_single_form:
        return replace(first, keys=keys, deadline=latest)
    assert endpoint.batch is not None
    arguments = {**first.arguments, endpoint.batch.parameter: keys[0]}
    return replace(first, arguments=arguments, keys=(), deadline=latest)


class _Dealt:
    """A reply dealt to all its keys once, and then to each who asked."""

    def __init__(self, answered: Answered, endpoint: Endpoint) -> None:
        self._answered = answered
        self._endpoint = endpoint
        self._given: set[Hashable] = set()

    def to(self, call: Call) -> Answered:
        """What these keys came to, in objects that nobody else holds."""
        reply = self._answered.reply
        own = {key: self._own(key) for key in call.keys}
        return Answered(call.keys, reply if isinstance(reply, Exception) else Reply(None), is_single=False, dealt=own)

    def _own(self, key: Hashable) -> Outcome:
        outcome = self._answered.outcomes(self._endpoint)[key]
        if isinstance(outcome, Exception) or key not in self._given:
            self._given.add(key)
            return outcome
        try:
            copy = Reply(deepcopy(outcome.data), status=outcome.status, headers=outcome.headers)
        except Exception as error:  # noqa: BLE001 - reading may fail as sending may
            return error
        copy.bound = outcome.bound
        return copy


async def _end(task: asyncio.Task[None] | None) -> None:
    """Nobody waits any more: the upstream is told so, and has noticed when this returns."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])
