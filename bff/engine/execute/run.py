"""Run a compiled operation in sets: each step gets all its objects at once. Called by bff.engine.adapters.executor.

Every function of this room takes and gives whole columns: `run` chooses the steps, `resolve` gets their values,
`complete` makes them values of the response and comes back here for what objects select.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Sequence
from copy import copy
from time import perf_counter
from typing import Any, TypeVar

from bff.engine.compile.resolvers import RESOLVER_CALL, ComputedSet, EndpointFetch, Typename
from bff.engine.compile.shapes import LeafOutput, MakeRows, Row, Shape, Step
from bff.engine.execute.awaitables import finish_all
from bff.engine.execute.complete import PLAIN, complete_values, put_nulls
from bff.engine.execute.compute import compute_column
from bff.engine.execute.execution import Incremental, Values
from bff.engine.execute.failures import FAILED, Failed, Failures
from bff.engine.execute.fetch import fetch_column
from bff.engine.execute.leaves import are_response_values
from bff.engine.execute.paths import Column, Paths, Rows, find_column
from bff.engine.execute.resolve import resolve_values
from bff.engine.execute.suspend import EagerStart, Line
from bff.engine.graphql_core import Executor
from bff.loading.scope import RequestScope
from connectors.aio.cooperative import MAX_SECONDS, SLICE, Turnstile, paced_slices, slices
from connectors.endpoint import current_scope

T = TypeVar("T")

_FEW = 25
"""Objects for which resolvers are called before the clock is looked at."""


class ColumnFailed(Exception):
    """A field that may not be null has failed for all objects of a set: its siblings need not be waited for."""


class Run:
    """One operation under way."""

    _worked = 0
    """Objects of all steps since the clock was looked at."""
    _began = 0.0
    """When the clock was first looked at."""
    _turnstile: Turnstile | None = None

    def __init__(
        self, executor: Executor[Any], incremental: Incremental, *, works_in_slices: bool, keeps_records: bool = False
    ) -> None:
        """`incremental` takes what is deferred and streamed.

        With `works_in_slices`, large sets are worked on in slices, and the event loop runs other tasks in between. With
        `keeps_records`, records that are response maps already stay in the result, to be written as JSON.
        """
        scope = current_scope.get()
        self.executor = executor
        self.incremental = incremental
        self.scope = scope if isinstance(scope, RequestScope) else None
        self.propagates = executor.error_propagation
        self.middleware = executor.middleware_manager
        self.failures = Failures(self.propagates)
        self.max_objects = SLICE if works_in_slices else sys.maxsize
        """Objects worked on before other tasks may run."""
        self.keeps_records = keeps_records
        self.is_large = False
        """Whether a set was large enough to be processed in slices."""
        self.waiting_groups = 0
        """How many groups of siblings, above each other or not, are waited for side by side."""

    def copy_for_part(self, incremental: Incremental) -> Run:
        """Another run of the same operation, for a later part."""
        other = copy(self)
        other.failures, other.incremental = Failures(self.propagates), incremental
        other.waiting_groups = 1  # it runs beside what it is a later part of
        return other

    async def execute_serially(self, shape: Shape, sources: Values, paths: Paths, line: Line) -> list[Row | Failed]:
        """A response map for the root of a mutation, whose fields run one after the other."""
        if shape.deferral is not None:
            paths = self.incremental.defer(self, shape.deferral, sources, paths)
        columns: list[Values] = []
        for step in shape.steps:
            if self.executor.abort_signal is not None and self.executor.abort_signal.aborted:
                raise self.executor.abort_error()
            column = await self.execute_step(step, sources, paths, line)
            if FAILED in column:
                return [FAILED]  # what follows must not run (GraphQL specification, section 6.4.4)
            columns.append(column)
        return list(shape.make_rows(sources, columns)) if columns else [{}]

    async def execute_selection_set(
        self, shape: Shape, sources: Values, paths: Paths, line: Line
    ) -> list[Row | Failed]:
        """A response map for each object."""
        record_shape = None
        if shape.deferral is not None:
            if (refused := self.incremental.refuse_defer(self.executor)) is not None:
                nodes = find_column(paths, 0)[0].field.nodes
                return [self.failures.add(refused, paths, row, nodes) for row in range(len(sources))]
            paths = self.incremental.defer(self, shape.deferral, sources, paths)
        elif shape.record_shapes and not shape.record_shapes.keys().isdisjoint(kinds := set(map(type, sources))):
            if len(kinds) > 1:
                return await self._execute_by_kind(shape, sources, paths, line)
            record_shape = shape.record_shapes[kinds.pop()]
            if record_shape.is_response and self.keeps_records:
                return sources
        steps = shape.steps if record_shape is None else record_shape.columns
        if not shape.steps:
            return [{} for _ in sources]
        if len(steps) == 1:  # it has no siblings to run beside
            columns = [await self.execute_step(steps[0], sources, paths, line)]
        else:
            try:
                columns = await self.run_together([self._execute_beside(step, sources, paths) for step in steps], line)
            except ColumnFailed:
                return [FAILED] * len(sources)
        make_rows = shape.make_rows if record_shape is None else record_shape.make_rows
        rows = await self._make_rows(make_rows, sources, columns, line)
        if self.failures:
            for step, column in zip(steps, columns, strict=True):
                if not step.is_nullable and FAILED in column:
                    rows = [FAILED if value is FAILED else row for row, value in zip(rows, column, strict=True)]
        return rows

    async def run_together(self, works: Sequence[Coroutine[Any, Any, T]], line: Line) -> list[T]:
        """Run siblings side by side; those that have nothing to wait for cost no task. What one raises ends all."""
        started: list[EagerStart[T]] = []
        try:
            started += map(EagerStart, works)
            waiting = [each for each in started if not each.is_done]
            if waiting:
                await line.enter_loop()
                await self._wait_together(waiting)
        except BaseException:
            for work in works:
                work.close()
            raise
        return [each.value for each in started]

    async def execute_step(self, step: Step, sources: Values, paths: Paths, line: Line) -> Values:
        """The completed values of one field for all objects."""
        column = Column(paths, step)
        resolution = step.resolution if self.middleware is None else RESOLVER_CALL
        if isinstance(resolution, Typename):
            return [step.parent_type.name] * len(sources)
        scope = self.scope
        if isinstance(resolution, EndpointFetch) and scope is not None:
            await line.enter_loop()
            is_alone = not self.waiting_groups and not self.incremental.has_parts
            fetching = fetch_column(scope, step, resolution, self.executor, sources, column, is_alone=is_alone)
            values, is_complete = await fetching
            if is_complete:
                return put_nulls(self, step.output, values, column, step)
        elif (
            isinstance(resolution, ComputedSet)
            and scope is not None
            and {resolution.only_class}.issuperset(map(type, sources))
        ):
            await line.enter_loop()
            values = await compute_column(scope, resolution, self.executor, sources, column)
        elif len(sources) > self.max_objects and self.middleware is None:
            return await self._execute_in_slices(step, sources, column, line)
        else:
            if resolution is RESOLVER_CALL or len(sources) > _FEW:
                self._worked += len(sources)
                if self._worked > _FEW and self._is_pause_due():
                    await line.enter_loop()
                    await self._get_turnstile().wait()
            values = resolve_values(self.executor, step, sources, column)
            if isinstance(step.output, LeafOutput) and are_response_values(
                step.output.type, values, set(map(type, values))
            ):
                return values  # as nearly always, without a further coroutine
        try:
            return await complete_values(self, step.output, values, column, step, line)
        except RecursionError as error:  # the innermost field that has room for it reports it
            failed: Values = [self.failures.add(error, column, row, step.nodes) for row in range(len(sources))]
            return put_nulls(self, step.output, failed, column, step)

    def _get_turnstile(self) -> Turnstile:
        """What siblings that take long pass one at a time."""
        if self._turnstile is None:
            self._turnstile = Turnstile()
        return self._turnstile

    def _is_pause_due(self) -> bool:
        """Whether other tasks have waited for too long: many small sets take as long as a large one."""
        self._worked = 0
        if self.max_objects > SLICE:
            return False
        now = perf_counter()
        meter = None if self.scope is None else self.scope.meter
        if meter is not None:
            return meter.resumed_at < now - MAX_SECONDS
        self._began = self._began or now  # in the first step, which is not measured
        return self._began < now - MAX_SECONDS

    async def _execute_in_slices(self, step: Step, sources: Values, column: Column, line: Line) -> Values:
        """The same; other tasks run in between. What must be waited for is waited for together."""
        await line.enter_loop()
        values: Values = []
        async for rows in paced_slices(len(sources), self._get_turnstile()):
            values += resolve_values(self.executor, step, sources[rows.start : rows.stop], Rows(column, rows))
        if not isinstance(step.output, LeafOutput) or not set(map(type, values)) <= PLAIN:
            return await complete_values(self, step.output, values, column, step, line)
        completed: Values = []
        for rows in slices(len(sources)):
            await self._get_turnstile().wait()
            part = values[rows.start : rows.stop]
            completed += await complete_values(self, step.output, part, Rows(column, rows), step, line)
        return completed

    async def _execute_beside(self, step: Step, sources: Values, paths: Paths) -> Values:
        """A step on a line of its own, beside its siblings. Raises ColumnFailed when no object is left without it."""
        column = await self.execute_step(step, sources, paths, Line())
        if self.failures and not step.is_nullable and all(value is FAILED for value in column):
            raise ColumnFailed
        return column

    async def _make_rows(
        self, make_rows: MakeRows, sources: Values, columns: list[Values], line: Line
    ) -> list[Row | Failed]:
        """Make the response maps from columns; those of large sets in slices, between which other tasks run."""
        if len(sources) <= self.max_objects:
            return list(make_rows(sources, columns))
        self.is_large = True
        await line.enter_loop()
        rows: list[Row | Failed] = []
        for each in slices(len(sources)):
            await self._get_turnstile().wait()
            rows += make_rows(sources[each.start : each.stop], [column[each.start : each.stop] for column in columns])
        return rows

    async def _execute_by_kind(self, shape: Shape, sources: Values, paths: Paths, line: Line) -> list[Row | Failed]:
        """Objects some of which are projected records."""
        groups: dict[type | None, list[int]] = {}
        for row, source in enumerate(sources):
            kind = type(source)
            groups.setdefault(kind if kind in shape.record_shapes else None, []).append(row)
        works = [self._execute_rows(shape, sources, paths, rows) for rows in groups.values()]
        completed: list[Row | Failed] = [FAILED] * len(sources)
        for rows, done in zip(groups.values(), await self.run_together(works, line), strict=True):
            for row, value in zip(rows, done, strict=True):
                completed[row] = value
        return completed

    async def _execute_rows(
        self, shape: Shape, sources: Values, paths: Paths, rows: Sequence[int]
    ) -> list[Row | Failed]:
        return await self.execute_selection_set(shape, [sources[row] for row in rows], Rows(paths, rows), Line())

    async def _wait_together(self, waiting: Sequence[EagerStart[Any]]) -> None:
        if len(waiting) == 1:
            waiting[0].value = await waiting[0]
            return
        self.waiting_groups += 1
        try:
            await finish_all(waiting)
        finally:
            self.waiting_groups -= 1
