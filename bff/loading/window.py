"""Windows: batches of several requests for one endpoint become one call, where nothing but their keys differs.

Called by scopes, for upstreams that have a `window`. A batch waits that long for others; it leaves earlier when it is
full. The call belongs to all that wait for it, and is cancelled with the last. If it fails, each request sends its own
keys again, once (see connectors.joint).
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Hashable, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field

from msgspec.structs import replace

from bff.contract import timings
from bff.loading.batch_result import BatchResult, Outcome
from bff.loading.upstream import Reachable
from connectors.aio.clock import SYSTEM_CLOCK
from connectors.aio.cooperative import copy_in_slices
from connectors.aio.single_flight import SharedResult
from connectors.batching import limit_records
from connectors.contract import Call, Reply
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamError, UpstreamTimeout
from connectors.joint import JointBudget, find_joint_time, may_ask_alone

Waiter = SharedResult[BatchResult | Exception]


class _AskAlone(Exception):
    """The joint call failed, and it is not known whether these keys are the cause."""


@dataclass(slots=True)
class _Gathering:
    """Calls that are sent together."""

    key: Hashable
    endpoint: Endpoint
    upstream: Reachable
    calls: list[Call] = field(default_factory=list)
    keys: dict[Hashable, None] = field(default_factory=dict)
    """Of all calls, each once, in their order."""
    began: float = field(default_factory=SYSTEM_CLOCK.now)
    waiters: dict[Waiter, Call] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None

    @property
    def is_joint(self) -> bool:
        """Whether its calls differ, so that one can be the cause of another one's failure."""
        return any(len(call.keys) < len(self.keys) for call in self.calls)


class Windows:
    """The batches of all requests that wait for keys of others."""

    def __init__(self) -> None:
        self._open: dict[Hashable, _Gathering] = {}
        self._budgets: defaultdict[Reachable, JointBudget] = defaultdict(JointBudget)

    async def load(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> BatchResult:
        """The result of a call with keys, which may become one with other calls under the same key.

        `key` must hold all that the reply may depend on but the keys. Raises UpstreamError.
        """
        assert endpoint.batch is not None
        budget = self._budgets[upstream]
        budget.earn()
        gathering = self._find_gathering(key, upstream, endpoint, call)
        gathering.calls.append(call)
        gathering.keys.update(dict.fromkeys(call.keys))
        if len(gathering.keys) >= endpoint.batch.limit:
            self._dispatch(gathering)
        outcome = await self._wait_for_result(gathering, call)
        if isinstance(outcome, _AskAlone):
            budget.spend(1, endpoint.operation.upstream)
            return await _send_alone(gathering, call)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _find_gathering(self, key: Hashable, upstream: Reachable, endpoint: Endpoint, call: Call) -> _Gathering:
        """The one that has room for this call, or a new one."""
        assert endpoint.batch is not None
        found = self._open.get(key)
        if found is not None and not self._has_room(found, call, endpoint.batch.limit):
            self._dispatch(found)
            found = None
        if found is None:
            found = self._open[key] = _Gathering(key, endpoint, upstream)
            loop = asyncio.get_running_loop()
            found.timer = loop.call_later(upstream.window or 0, self._dispatch, found)
        return found

    def _has_room(self, gathering: _Gathering, call: Call, limit: int) -> bool:
        """Whether it stays within its size, and all its calls can be sent again."""
        is_paid = self._budgets[gathering.upstream].can_pay(len(gathering.calls) + 1)
        return is_paid and len(gathering.keys.keys() | call.keys) <= limit

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
    answered = await _send_call(gathering, _merge_calls(gathering))
    if len(gathering.calls) == 1:
        await _finish_waiters(gathering, _Single(answered))
    else:
        await _finish_waiters(gathering, _Dealer(answered, gathering.endpoint, is_joint=gathering.is_joint))


async def _send_alone(gathering: _Gathering, call: Call) -> BatchResult:
    """Send the keys of one request again, in the time that the upstream has left for it."""
    timeout = gathering.upstream.timeout
    deadlines = [each for each in (call.deadline, timeout and gathering.began + timeout) if each is not None]
    alone = _create_call(gathering.endpoint, call, call.keys, min(deadlines, default=None))
    return await _send_call(gathering, alone, call.keys)


async def _send_call(gathering: _Gathering, call: Call, keys: Sequence[Hashable] = ()) -> BatchResult:
    reply: Outcome
    try:
        reply = await gathering.upstream.send(call)
        limit_records(reply, call.operation, gathering.upstream.max_records)
        await reply.read_if_large()
    except Exception as error:  # noqa: BLE001 - raised by the waiters
        reply = error
    return BatchResult(keys or tuple(gathering.keys), reply, is_single=not call.keys)


async def _finish_waiters(gathering: _Gathering, dealer: _Dealer | _Single) -> None:
    """Hand out all results at once: the first is what the others are copied from."""
    outcomes: list[tuple[Waiter, BatchResult | Exception]] = []
    for waiter, call in list(gathering.waiters.items()):
        try:
            outcomes.append((waiter, await dealer.deal_to(call)))
        except Exception as error:  # noqa: BLE001 - as above
            outcomes.append((waiter, error))
    for waiter, outcome in outcomes:
        if waiter in gathering.waiters:
            waiter.finish(outcome)


def _merge_calls(gathering: _Gathering) -> Call:
    """One call for all. If their keys differ, it leaves time for each to be sent again."""
    deadlines = [call.deadline for call in gathering.calls]
    latest = None if None in deadlines else max(deadline for deadline in deadlines if deadline is not None)
    if gathering.is_joint:
        timeout = gathering.upstream.timeout
        seconds = find_joint_time([*deadlines, timeout and gathering.began + timeout], SYSTEM_CLOCK)
        latest = latest if seconds is None else SYSTEM_CLOCK.now() + seconds
    return _create_call(gathering.endpoint, gathering.calls[0], tuple(gathering.keys), latest)


def _create_call(endpoint: Endpoint, first: Call, keys: tuple[Hashable, ...], deadline: float | None) -> Call:
    """In the single form where one key is asked for and there is one."""
    if len(keys) > 1 or not endpoint.has_single_form:
        return replace(first, keys=keys, deadline=deadline)
    assert endpoint.batch is not None
    arguments = endpoint.batch.join(first.arguments, keys[0])
    return replace(first, arguments=arguments, keys=(), deadline=deadline)


class _Single:
    """Gives the one call its result."""

    def __init__(self, answered: BatchResult) -> None:
        self._answered = answered

    async def deal_to(self, call: Call) -> BatchResult:
        return self._answered


class _Dealer:
    """Deals a reply to all its keys once, and then to each of the calls."""

    def __init__(self, answered: BatchResult, endpoint: Endpoint, *, is_joint: bool) -> None:
        self._answered = answered
        self._is_joint = is_joint
        self._endpoint = endpoint
        self._handed_out: set[Hashable] = set()

    async def deal_to(self, call: Call) -> BatchResult:
        """The outcomes of these keys, in objects that no other call holds. Raises _AskAlone."""
        reply = self._answered.reply
        own = {key: await self._copy_outcome(key) for key in call.keys}
        if self._is_joint and any(isinstance(each, UpstreamError) and may_ask_alone(each) for each in own.values()):
            raise _AskAlone
        return BatchResult(
            call.keys, reply if isinstance(reply, Exception) else Reply(None), is_single=False, by_key=own
        )

    async def _copy_outcome(self, key: Hashable) -> Outcome:
        outcome = self._answered.outcomes(self._endpoint)[key]
        if isinstance(outcome, Exception) or key not in self._handed_out:
            self._handed_out.add(key)
            return outcome
        try:
            copy = Reply(await copy_in_slices(outcome.data), status=outcome.status, headers=outcome.headers)
        except Exception as error:  # noqa: BLE001 - reading may fail as sending may
            return error
        copy.bound = outcome.bound
        return copy


async def _cancel_and_wait(task: asyncio.Task[None] | None) -> None:
    """Cancel the call for which no task waits any more, and wait until its upstream knows."""
    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task])
