"""Windows: batches of several requests for one endpoint become one call, where nothing but their keys differs.

Called by scopes, for upstreams that have a `window`. A batch waits that long for others; it leaves earlier when it is
full. The call belongs to all that wait for it: it has the latest of their deadlines, and is cancelled with the last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from contextvars import copy_context
from copy import deepcopy
from dataclasses import dataclass, field

from msgspec.structs import replace

from bff.contract import timings
from bff.loading.batch_result import BatchResult, Outcome
from bff.loading.upstream import Reachable
from connectors.aio.single_flight import SharedResult
from connectors.batching import limit_records
from connectors.contract import Call, Reply
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamTimeout

Waiter = SharedResult[BatchResult | Exception]


@dataclass(slots=True)
class _Gathering:
    """Calls that are sent together."""

    key: Hashable
    endpoint: Endpoint
    upstream: Reachable
    calls: list[Call] = field(default_factory=list)
    keys: dict[Hashable, None] = field(default_factory=dict)
    """Of all calls, each once, in their order."""
    waiters: dict[Waiter, Call] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None


class Windows:
    """The batches of all requests that wait for keys of others."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Gathering] = {}

    async def load(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> BatchResult:
        """The result of a call with keys, which may become one with other calls under the same key.

        `key` must hold all that the reply may depend on but the keys. Raises UpstreamError.
        """
        assert endpoint.batch is not None
        gathering = self._find_gathering(key, upstream, endpoint, call)
        gathering.calls.append(call)
        gathering.keys.update(dict.fromkeys(call.keys))
        if len(gathering.keys) >= endpoint.batch.limit:
            self._dispatch(gathering)
        outcome = await self._wait_for_result(gathering, call)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _find_gathering(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> _Gathering:
        """The one that has room for this call, or a new one."""
        assert endpoint.batch is not None
        found = self._open.get(key)
        if found is not None and len(found.keys.keys() | call.keys) > endpoint.batch.limit:
            self._dispatch(found)
            found = None
        if found is None:
            found = self._open[key] = _Gathering(key, endpoint, upstream)
            loop = asyncio.get_running_loop()
            found.timer = loop.call_later(upstream.window or 0, self._dispatch, found)
        return found

    def _dispatch(self, gathering: _Gathering) -> None:
        """Close the gathering and send the call, in a task of its own."""
        self._close(gathering)
        context = copy_context()
        context.run(timings.set, None)  # each request notes its own time
        gathering.task = asyncio.get_running_loop().create_task(_send_gathering(gathering), context=context)

    def _close(self, gathering: _Gathering) -> None:
        if self._open.get(gathering.key) is gathering:
            del self._open[gathering.key]
        if gathering.timer is not None:
            gathering.timer.cancel()

    async def _wait_for_result(self, gathering: _Gathering, call: Call) -> BatchResult | Exception:
        waiter: Waiter = SharedResult()
        gathering.waiters[waiter] = call
        try:
            outcome = await waiter.wait(call.left())
        finally:
            del gathering.waiters[waiter]
            if not gathering.waiters:
                self._close(gathering)
                await _cancel_and_wait(gathering.task)
        if outcome is None:
            return UpstreamTimeout(call.operation, "no reply before the deadline of the request")
        return outcome


async def _send_gathering(gathering: _Gathering) -> None:
    call = _merge_calls(gathering)
    reply: Outcome
    try:
        reply = await gathering.upstream.send(call)
        limit_records(reply, call.operation, gathering.upstream.max_records)
    except Exception as error:  # noqa: BLE001 - raised by the waiters
        reply = error
    answered = BatchResult(tuple(gathering.keys), reply, is_single=not call.keys)
    if len(gathering.calls) == 1:
        _finish_waiters(gathering, lambda _: answered)
    else:
        _finish_waiters(gathering, _Dealer(answered, gathering.endpoint).deal_to)


def _finish_waiters(gathering: _Gathering, answer: Callable[[Call], BatchResult]) -> None:
    for waiter, call in gathering.waiters.items():
        try:
            waiter.finish(answer(call))
        except Exception as error:  # noqa: BLE001 - as above
            waiter.finish(error)


def _merge_calls(gathering: _Gathering) -> Call:
    """One call for all, in the single form where one key is asked for and there is one."""
    deadlines = [call.deadline for call in gathering.calls]
    latest = None if None in deadlines else max(deadline for deadline in deadlines if deadline is not None)
    first, keys, endpoint = gathering.calls[0], tuple(gathering.keys), gathering.endpoint
    if len(keys) > 1 or not endpoint.has_single_form:
        return replace(first, keys=keys, deadline=latest)
    assert endpoint.batch is not None
    arguments = {**first.arguments, endpoint.batch.parameter: keys[0]}
    return replace(first, arguments=arguments, keys=(), deadline=latest)


class _Dealer:
    """Deals a reply to all its keys once, and then to each of the calls."""

    def __init__(self, answered: BatchResult, endpoint: Endpoint) -> None:
        self._answered = answered
        self._endpoint = endpoint
        self._handed_out: set[Hashable] = set()

    def deal_to(self, call: Call) -> BatchResult:
        """The outcomes of these keys, in objects that no other call holds."""
        reply = self._answered.reply
        own = {key: self._copy_outcome(key) for key in call.keys}
        return BatchResult(
            call.keys, reply if isinstance(reply, Exception) else Reply(None), is_single=False, by_key=own
        )

    def _copy_outcome(self, key: Hashable) -> Outcome:
        outcome = self._answered.outcomes(self._endpoint)[key]
        if isinstance(outcome, Exception) or key not in self._handed_out:
            self._handed_out.add(key)
            return outcome
        try:
            copy = Reply(deepcopy(outcome.data), status=outcome.status, headers=outcome.headers)
        except Exception as error:  # noqa: BLE001 - reading may fail as sending may
            return error
        copy.bound = outcome.bound
        return copy


async def _cancel_and_wait(task: asyncio.Task[None] | None) -> None:
    """Cancel the call for which no task waits any more, and wait until its upstream was told."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])
