"""Wait for what authors' awaitables and iterators give, for a whole column at once. Used by bff.engine.execute.run.

What can no longer be shown is not waited for: when a value that may not be null fails, its siblings under the same
null are cancelled, or, where nothing has begun to wait, left to end by themselves, as graphql-core does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Sequence
from contextlib import suppress
from inspect import iscoroutine
from types import GeneratorType
from typing import Any, TypeVar

from graphql import GraphQLError, Undefined

from bff.engine.execute.failures import FAILED, WAIT_COUNT
from bff.engine.execute.suspend import EagerStart, Line
from bff.engine.graphql_core import Executor, is_iterable
from bff.loading.scope import RequestScope
from connectors.aio.cpu_meter import CpuMeter
from connectors.endpoint import current_scope

T = TypeVar("T")
Values = list[Any]
Group = Callable[[int], Hashable]
"""From a row to the position that becomes null when the row does."""


def has_awaitables(values: Values, is_awaitable: Callable[[Any], bool]) -> bool:
    """Asked of one value of each kind; only generators of one kind may differ."""
    samples = dict(zip(map(type, values), values, strict=True))
    return any(map(is_awaitable, values if GeneratorType in samples else samples.values()))


async def await_values(values: Values, executor: Executor[Any], line: Line, group: Group | None = None) -> Values:
    """What awaitables give, or the exceptions they raise, in their places.

    With `group` the values may not be null: FAILED is put for those that share the fate of one that is.
    """
    rows = [row for row, value in enumerate(values) if executor.is_awaitable(value)]
    settled = list(values)
    if group is not None and len(values) > 1:
        rows = _worth_waiting(rows, settled, group, executor)
        if not rows:
            return settled
    try:
        await line.enter_loop()
        outcomes = await _gather_outcomes([values[row] for row in rows], rows, executor, group)
    except GeneratorExit:
        abandon([values[row] for row in rows], executor)
        raise
    except BaseException:
        _close_coroutines(values[row] for row in rows)
        raise
    for row, outcome in zip(rows, outcomes, strict=True):
        settled[row] = outcome
    return settled


async def finish_all(waiting: Sequence[EagerStart[Any]]) -> None:
    """Await all of them. When one raises, the others are cancelled and ended before the exception is raised."""
    meter = find_meter()
    if meter is not None:
        for each in waiting:
            each.meter = meter
    tasks = _start_tasks(waiting)
    try:
        values = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        del tasks, task  # they have the exception, whose traceback has this frame
        raise
    for each, value in zip(waiting, values, strict=True):
        each.value = value


async def drain_iterables(values: Values, executor: Executor[Any], *, until_null: bool) -> Values:
    """Lists of what async iterables give; the exception that ends one stands in its place.

    `until_null`: an item that is null makes its list null, so that no more are read.
    """
    return await asyncio.gather(*_measure_each(_catch_error(_drain(value, executor, until_null)) for value in values))


def list_items(value: Any, executor: Executor[Any], field: str) -> list[Any]:
    """What an iterable gives. Raises what it raises, after its other items have been seen to."""
    if isinstance(value, Exception):
        raise value
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")
    items: list[Any] = []
    iterator = iter(value)
    try:
        items.extend(iterator)
    except Exception:
        abandon(filter(executor.is_awaitable, [*items, *_take_rest(iterator)]), executor)
        raise
    return items


def is_null(value: Any) -> bool:
    """Whether a value is, or becomes, null without being looked into."""
    return value is None or value is Undefined or value is FAILED or isinstance(value, Exception)


def _worth_waiting(rows: list[int], settled: Values, group: Group, executor: Executor[Any]) -> list[int]:
    """The rows that no null among the settled values dooms; the others are FAILED and end by themselves."""
    nulled = {group(row) for row, value in enumerate(settled) if is_null(value)}
    if not nulled:
        return rows
    lost = {row for row in rows if group(row) in nulled}
    if lost:
        abandon([settled[row] for row in lost], executor)
    for row in lost:
        settled[row] = FAILED
    return [row for row in rows if row not in lost]


async def _gather_outcomes(
    awaitables: Sequence[Awaitable[Any]], rows: Sequence[int], executor: Executor[Any], group: Group | None
) -> list[Any]:
    if len(awaitables) == 1:
        return [await _catch_error(_stop_when_aborted(awaitables[0], executor))]
    works = [_catch_error(_stop_when_aborted(each, executor)) for each in awaitables]
    if group is None:
        outcomes: list[Any] = await asyncio.gather(*_start_tasks(_measure_each(works)))
    else:
        outcomes = await _SharedFates(works, rows, group).gather()
    WAIT_COUNT.set(WAIT_COUNT.get() + 1)  # what follows comes later than what was known before
    return outcomes


class _SharedFates:
    """Awaitables some of which end together: when one gives null, those of its group are cancelled."""

    def __init__(self, works: Sequence[Coroutine[Any, Any, Any]], rows: Sequence[int], group: Group) -> None:
        self._rows = rows
        self._group = group
        self._members: dict[Hashable, list[asyncio.Future[Any]]] | None = None
        self._lost: set[asyncio.Future[Any]] = set()
        self._tasks = _start_tasks(_measure_each(self._watch(index, work) for index, work in enumerate(works)))

    async def gather(self) -> list[Any]:
        """FAILED for what was cancelled. Cancels all when it is cancelled itself."""
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for index, task in enumerate(self._tasks):
            if isinstance(outcomes[index], asyncio.CancelledError) and task in self._lost:
                outcomes[index] = FAILED
            elif task.cancelled():
                raise outcomes[index]
        return outcomes

    async def _watch(self, index: int, work: Coroutine[Any, Any, Any]) -> Any:
        outcome = await work
        if is_null(outcome):  # one pass of the loop later, so that all have begun and can clean up
            asyncio.get_running_loop().call_soon(self._cancel_siblings, index)
        return outcome

    def _cancel_siblings(self, index: int) -> None:
        for task in self._pop_siblings(index):
            if not task.done():
                self._lost.add(task)
                task.cancel()

    def _pop_siblings(self, index: int) -> list[asyncio.Future[Any]]:
        if self._members is None:  # once, and only where something failed
            self._members = {}
            for row, task in zip(self._rows, self._tasks, strict=True):
                self._members.setdefault(self._group(row), []).append(task)
        members = self._members.pop(self._group(self._rows[index]), [])
        return [task for task in members if task is not self._tasks[index]]


def _start_tasks(works: Iterable[Awaitable[Any]]) -> list[asyncio.Future[Any]]:
    """Start them; they run after the current task waits."""
    token = WAIT_COUNT.set(WAIT_COUNT.get() + 1)
    try:
        return [asyncio.ensure_future(work) for work in works]
    finally:
        WAIT_COUNT.reset(token)


def _measure_each(works: Iterable[Awaitable[Any]]) -> Iterable[Awaitable[Any]]:
    meter = find_meter()
    return works if meter is None else meter.measure_each(works)


def find_meter() -> CpuMeter | None:
    """What measures the CPU time of the operation that runs now; None where it has no limit."""
    scope = current_scope.get()
    return scope.meter if isinstance(scope, RequestScope) else None


async def _catch_error(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
        return error


def _stop_when_aborted(awaitable: Awaitable[Any], executor: Executor[Any]) -> Awaitable[Any]:
    return awaitable if executor.abort_signal is None else executor.with_abort_signal(awaitable)


async def _drain(value: Any, executor: Executor[Any], until_null: bool) -> Any:
    if not executor.is_async_iterable(value):
        return value
    items: list[Any] = []
    iterator = aiter(executor.cancellable_iterable(value))
    try:
        async for item in iterator:
            items.append(item)
            if until_null and is_null(item):
                await close_iterator(iterator)
                break
    except Exception:
        await close_iterator(iterator)
        abandon(filter(executor.is_awaitable, items), executor)
        raise
    return items


def abandon(awaitables: Iterable[Awaitable[Any]], executor: Executor[Any]) -> None:
    """What has not been waited for yet ends by itself; not in the gateway, where nothing outlives the answer."""
    if current_scope.get() is None:
        executor.track_async_work(list(awaitables))
    else:
        _close_coroutines(awaitables)


def _close_coroutines(values: Iterable[Any]) -> None:
    """Close coroutines that are not awaited any more, so that Python does not warn of them."""
    for value in values:
        if iscoroutine(value):
            value.close()


async def close_iterator(iterator: Any) -> None:
    """Close an async iterator that is not read to its end; what its closing raises is ignored."""
    close = getattr(iterator, "aclose", None)
    if close is not None:
        with suppress(Exception):
            await close()


def _take_rest(iterator: Any) -> list[Any]:
    """What is left in an iterator that has raised, up to where it ends or raises again."""
    items: list[Any] = []
    with suppress(Exception):  # its first exception is reported
        items.extend(iterator)
    return items
