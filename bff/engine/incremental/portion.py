"""Portions: rows of a set whose later values are computed in one run, then published row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from bff.engine.execute.awaitables import find_meter
from bff.engine.execute.execution import Execution
from bff.engine.execute.failures import FAILED, Failures
from bff.engine.execute.paths import Paths
from bff.engine.execute.suspend import EagerStart
from bff.engine.graphql_core import IncrementalExecutor, WorkResult
from bff.engine.incremental.deferred import DeferredPart, DeferredParts, collect_work
from connectors.aio.cpu_meter import MeasuredTask

Make = Callable[[Execution, Sequence[int]], Coroutine[Any, Any, Sequence[Any]]]
"""Makes the values of rows in a run of their own."""
Publish = Callable[[int, Any, list[GraphQLError] | None], Any]
"""From a row, its value and its errors to the value that graphql-core publishes."""


class Portion:
    """Rows of a set whose values are computed in one run, when the first of them is needed."""

    def __init__(
        self,
        run: Execution,
        executor: IncrementalExecutor,
        parts: DeferredParts,
        base: Paths,
        rows: Sequence[int],
        make: Make,
        publish: Publish,
    ) -> None:
        """`run`, its executor and `parts` defer the rows; the portion makes a run and parts of its own of them."""
        self._run = run
        self._executor = executor
        self._parts = parts
        self._base = base
        self._rows = dict.fromkeys(rows)
        self._make = make
        self._publish = publish
        self._futures: dict[int, asyncio.Future[WorkResult]] = {}
        self._task: asyncio.Future[Any] | None = None
        self._values: Mapping[int, Any] | None = None
        self._problem: BaseException | None = None
        self._failures_by_row: Mapping[int, Failures] = {}
        self._parts_by_row: Mapping[int, list[DeferredPart]] = {}
        self.has_started = False

    def start_soon(self, *, is_batched: bool) -> None:
        """Start after what runs now; `is_batched`: in time for the batch of its calls upstream."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # it starts when a result is needed
            return
        if is_batched:
            self.has_started = True
            self._watch(self._make_values())
        else:
            loop.call_soon(self.start)

    def start(self) -> None:
        """Start, unless it has started or no row is wanted any more."""
        if self.has_started or not self._rows:
            return
        self.has_started = True
        rows, (run, parts) = list(self._rows), self._copy_run()
        try:
            started = EagerStart(self._make(run, rows))
        except Exception as problem:  # noqa: BLE001 - it is the result of every row
            self._problem = problem
            return
        if started.is_done:
            self._settle(run, parts, rows, started.value)
        else:
            self._watch(self._finish(run, parts, rows, started))

    def get_result(self, row: int) -> WorkResult | asyncio.Future[WorkResult]:
        """What is published of a row, or a future of it. Raises the error that leaves nothing of the row."""
        self.start()
        if self._values is not None or self._problem is not None:
            return self._result_of(row)
        future = self._futures[row] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: self.drop_row(row) if done.cancelled() else None)
        return future

    async def wait_for_result(self, row: int) -> WorkResult:
        """The same, for a caller that awaits it at once and does nothing beside."""
        if self.has_started or len(self._rows) > 1:
            result = self.get_result(row)
            return await result if isinstance(result, asyncio.Future) else result
        self.has_started = True
        run, parts = self._copy_run()
        started = EagerStart(self._make(run, [row]))
        if started.is_done:
            self._settle(run, parts, [row], started.value)
        else:
            await self._finish(run, parts, [row], started)
        return self._result_of(row)

    def drop_row(self, row: int) -> None:
        """Note that a row is not wanted any more; with the last of them the work ends."""
        self._rows.pop(row, None)
        if not self._rows and self._task is not None:
            self._task.cancel()

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        meter = find_meter()
        self._task = asyncio.ensure_future(work if meter is None else MeasuredTask(meter, work))
        self._executor.track_incremental_future(self._task)
        self._task.add_done_callback(self._note_end)

    async def _make_values(self) -> None:
        rows, (run, parts) = list(self._rows), self._copy_run()
        started = EagerStart(self._make(run, rows))
        if not started.is_done:
            await self._finish(run, parts, rows, started)
            return
        self._settle(run, parts, rows, started.value)
        self._set_results()

    def _copy_run(self) -> tuple[Execution, DeferredParts]:
        parts = self._parts.create_empty()
        return self._run.copy_for_part(parts), parts

    async def _finish(
        self, run: Execution, parts: DeferredParts, rows: Sequence[int], started: EagerStart[Sequence[Any]]
    ) -> None:
        try:
            values = await started
        except BaseException:
            for each in parts.take_parts():
                each.drop(self._executor)
            raise
        self._settle(run, parts, rows, values)
        self._set_results()

    def _settle(self, run: Execution, parts: DeferredParts, rows: Sequence[int], values: Sequence[Any]) -> None:
        self._values = dict(zip(rows, values, strict=True))
        self._failures_by_row = run.failures.split_by_row(self._base) if run.failures else {}
        run.failures.forget()
        self._parts.unreported.update((id(each), each) for each in self._failures_by_row.values())
        self._parts_by_row = parts.split_by_row(self._base) if parts.parts else {}
        for row, left in self._parts_by_row.items():
            if row not in self._rows:
                for each in left:
                    each.drop(self._executor)

    def _set_results(self) -> None:
        for row, future in self._futures.items():
            if future.done():
                continue
            try:
                future.set_result(self._result_of(row))
            except Exception as error:  # noqa: BLE001 - it is the row's result
                future.set_exception(error)

    def _note_end(self, task: asyncio.Future[Any]) -> None:
        """Pass on how the work ended, where it did not finish."""
        self._task = None
        if task.cancelled():
            for future in self._futures.values():
                future.cancel()
        elif (problem := task.exception()) is not None:
            self._problem = problem
            self._set_results()

    def _result_of(self, row: int) -> WorkResult:
        if self._problem is not None:
            raise self._problem
        assert self._values is not None
        value, failures, parts = self._values[row], self._failures_by_row.get(row), self._parts_by_row.get(row, [])
        self._parts.unreported.pop(id(failures), None)
        if value is FAILED:
            assert failures is not None
            for each in parts:
                each.drop(self._executor)
            escaping = failures.find_escaping(sum(1 for _ in self._base.positions(row)))
            failures.release([escaping])
            raise escaping
        errors = failures.list_errors() if failures else None
        work = collect_work(parts, failures.find_nulls() if failures else set(), self._executor) if parts else None
        if failures and errors is not None:
            failures.release(errors)
        return WorkResult(self._publish(row, value, errors), work)
