"""What a run leaves for later parts of an answer: fields of @defer, items of @stream. Used by bff.engine.execute.run.

Later parts run in sets, too: a portion is made in one run for all its rows, then dealt out. What becomes of it (ids,
what is announced when, which part holds what) is up to graphql-core's own work queue and publisher, row by row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from graphql import GraphQLError
from graphql.execution.incremental import (
    DeliveryGroup,
    ExecutionGroup,
    IncrementalExecutor,
    ItemStream,
    Work,
    WorkResult,
)
from graphql.pyutils import Path

from bff.engine.execute.failures import FAILED, TURN, Failures
from bff.engine.execute.paths import Where, linked_path, row_in
from bff.engine.execute.suspend import Started

Nulled = set[tuple[str | int, ...] | None]
Finish = Callable[[int, Any, list[GraphQLError] | None], Any]
"""From a row, its value and its errors to the value that graphql-core publishes."""


class Running(Protocol):
    """A run, as its portions see it."""

    executor: Any
    failures: Failures
    later: Later

    def aside(self) -> Any:
        """Another run of the same operation, with failures and later parts of its own."""


@dataclass(slots=True, eq=False)
class Left:
    """What one object or list has left."""

    where: Where
    row: int
    path: Path | None
    groups: Sequence[DeliveryGroup] = ()
    tasks: list[ExecutionGroup] = field(default_factory=list)
    stream: ItemStream | None = None
    gone: list[Callable[[], None]] = field(default_factory=list)
    """To be told when nobody wants it any more."""
    turn: int = field(default_factory=TURN.get)

    def order(self) -> tuple[int, tuple[float, ...]]:
        """As graphql-core finds it: what is inside of an object before what is its own."""
        positions = [float(position.order) for position in self.where.up(self.row)]
        return self.turn, (*reversed(positions), inf)

    def is_under(self, nulled: Nulled) -> bool:
        """Whether its place has become null."""
        path = tuple(self.path.as_list()) if self.path else ()
        return None in nulled or any(path[:length] in nulled for length in range(1, len(path) + 1))

    def drop(self, executor: IncrementalExecutor) -> None:
        """End what is under way of it."""
        reason = RuntimeError("Cancelled secondary to null within original result")
        for task in self.tasks:
            executor.settle_abort_result(task.computation.abort(reason))
        if self.stream is not None:
            executor.settle_abort_result(self.stream.queue.abort(reason))
        for tell in self.gone:
            tell()


class Later:
    """What one run leaves."""

    def __init__(self) -> None:
        self.left: list[Left] = []

    def of_rows(self, base: Where) -> dict[int, list[Left]]:
        """What is left below each row of a set."""
        found: dict[int, list[Left]] = {}
        for each in self.left:
            found.setdefault(row_in(base, each.where, each.row), []).append(each)
        return found


def work_of(left: Sequence[Left], nulled: Nulled, executor: IncrementalExecutor) -> Work:
    """As graphql-core wants it; what stands under a null is dropped."""
    groups: list[DeliveryGroup] = []
    tasks: list[ExecutionGroup] = []
    streams: list[ItemStream] = []
    for each in sorted(left, key=Left.order):
        groups += each.groups
        if nulled and each.is_under(nulled):
            each.drop(executor)
            continue
        tasks += each.tasks
        streams += [each.stream] if each.stream is not None else []
    return Work(groups, tasks, streams)


def path_at(where: Where, row: int) -> Path | None:
    """As graphql-core has it; None for the root."""
    return linked_path(where, row) if next(where.up(row), None) is not None else None


class Portion:
    """Rows of a set whose values are made in one run, when the first of them is asked for."""

    def __init__(
        self,
        run: Running,
        base: Where,
        rows: Sequence[int],
        make: Callable[[Any, Sequence[int]], Coroutine[Any, Any, Sequence[Any]]],
        finish: Finish,
    ) -> None:
        """`make` gets the run that is this portion's own and the rows that are still wanted."""
        self._run = run
        self._executor: IncrementalExecutor = run.executor
        self._base = base
        self._wanted = dict.fromkeys(rows)
        self._make = make
        self._finish = finish
        self._futures: dict[int, asyncio.Future[WorkResult]] = {}
        self._task: asyncio.Future[Any] | None = None
        self._made: Mapping[int, Any] | None = None
        self._problem: BaseException | None = None
        self._failed: Mapping[int, Failures] = {}
        self._left: Mapping[int, list[Left]] = {}
        self.has_begun = False

    def begin_soon(self, *, is_batched: bool) -> None:
        """Begin after what runs now; `is_batched`: in time for the calls upstream that it asks for."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # it begins when it is asked for
            return
        if is_batched:
            self.has_begun = True
            self._watch(self._begun())
        else:
            loop.call_soon(self.begin)

    def begin(self) -> None:
        """Begin, unless it has begun or nobody wants it any more."""
        if self.has_begun or not self._wanted:
            return
        self.has_begun = True
        rows, run = list(self._wanted), self._run.aside()
        try:
            started = Started(self._make(run, rows))
        except Exception as problem:  # noqa: BLE001 - told to whoever asks
            self._problem = problem
            return
        if started.is_done:
            self._settle(run, rows, started.value)
        else:
            self._watch(self._finished(run, rows, started))

    def result(self, row: int) -> WorkResult | asyncio.Future[WorkResult]:
        """What is published of a row, or a future of it. Raises the error that leaves nothing of the row."""
        self.begin()
        if self._made is not None or self._problem is not None:
            return self._dealt(row)
        future = self._futures[row] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: self.leave(row) if done.cancelled() else None)
        return future

    async def made(self, row: int) -> WorkResult:
        """The same for whoever waits for it at once, and does nothing beside."""
        if self.has_begun or len(self._wanted) > 1:
            result = self.result(row)
            return await result if isinstance(result, asyncio.Future) else result
        self.has_begun = True
        run = self._run.aside()
        started = Started(self._make(run, [row]))
        if started.is_done:
            self._settle(run, [row], started.value)
        else:
            await self._finished(run, [row], started)
        return self._dealt(row)

    def leave(self, row: int) -> None:
        """Nobody wants a row any more; with the last of them the work ends."""
        self._wanted.pop(row, None)
        if not self._wanted and self._task is not None:
            self._task.cancel()

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.ensure_future(work)
        self._executor.track_incremental_future(self._task)
        self._task.add_done_callback(self._ended)

    async def _begun(self) -> None:
        rows, run = list(self._wanted), self._run.aside()
        started = Started(self._make(run, rows))
        if not started.is_done:
            await self._finished(run, rows, started)
            return
        self._settle(run, rows, started.value)
        self._tell()

    async def _finished(self, run: Any, rows: Sequence[int], started: Started[Any]) -> None:
        try:
            values = await started
        except BaseException:
            for each in run.later.left:
                each.drop(self._executor)
            raise
        self._settle(run, rows, values)
        self._tell()

    def _settle(self, run: Any, rows: Sequence[int], values: Sequence[Any]) -> None:
        self._made = dict(zip(rows, values, strict=True))
        self._failed = run.failures.of_rows(self._base) if run.failures else {}
        self._left = run.later.of_rows(self._base) if run.later.left else {}
        for row, left in self._left.items():
            if row not in self._wanted:
                for each in left:
                    each.drop(self._executor)

    def _tell(self) -> None:
        for row, future in self._futures.items():
            if future.done():
                continue
            try:
                future.set_result(self._dealt(row))
            except Exception as error:  # noqa: BLE001 - it is the row's result
                future.set_exception(error)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        """Where the work did not come to its end."""
        if task.cancelled():
            for future in self._futures.values():
                future.cancel()
        elif (problem := task.exception()) is not None:
            self._problem = problem
            self._tell()

    def _dealt(self, row: int) -> WorkResult:
        if self._problem is not None:
            raise self._problem
        assert self._made is not None
        value, failures, left = self._made[row], self._failed.get(row), self._left.get(row, [])
        if value is FAILED:
            assert failures is not None
            for each in left:
                each.drop(self._executor)
            raise failures.escaping(sum(1 for _ in self._base.up(row)))
        errors = failures.errors() if failures else None
        work = work_of(left, failures.nulled() if failures else set(), self._executor) if left else None
        return WorkResult(self._finish(row, value, errors), work)
