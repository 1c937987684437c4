"""Run a compiled operation in sets: each step gets all its objects at once. Called by bff.engine.adapters.executor.

Every method takes and gives whole columns. A value that could not be had is FAILED until it meets a position that may
be null; where nothing failed, nothing is looked at twice.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from copy import copy
from functools import partial
from itertools import chain, islice
from types import NoneType
from typing import Any, TypeVar

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo, Undefined, default_field_resolver
from graphql.execution.executor import Executor
from graphql.pyutils import UndefinedType, inspect

from bff.engine.compile.resolvers import CALLED, Attribute, Fetched, Function, Given, Typename
from bff.engine.compile.shapes import Abstract, Leaf, Listing, Output, Row, RowsOf, Selected, Shape, Step, Streamed
from bff.engine.execute.attributes import held, read
from bff.engine.execute.awaitables import awaited, drained, finished, has_awaitables, listed
from bff.engine.execute.failures import FAILED, Failed, Failures, reach_of
from bff.engine.execute.fetch import fetch_column
from bff.engine.execute.leaves import coerced, ready
from bff.engine.execute.paths import Column, Items, Rows, Where, linked_path
from bff.engine.execute.suspend import Line, Started
from bff.engine.incremental.defer import defer, refusals
from bff.engine.incremental.deferred import Later
from bff.engine.incremental.stream import Opened, opened, stream
from bff.loading.scope import RequestScope
from connectors.aio.cooperative import SLICE, slices, yield_to_loop
from connectors.endpoint import current_scope
from connectors.forms import Record

T = TypeVar("T")
Values = list[Any]
_PLAIN = frozenset({NoneType, str, int, float, bool, list, tuple, dict, Failed})
"""Kinds of values that are neither exceptions nor awaitable, known without asking."""


class Doomed(Exception):
    """A field that may not be null has failed for all objects of a set: its siblings need not be waited for."""


class Run:
    """One operation under way."""

    def __init__(self, executor: Executor[Any], *, works_in_slices: bool, keeps_records: bool = False) -> None:
        """Where it takes turns, large sets are worked on in slices, and the event loop serves others in between.

        Where it keeps records, those that are the response as they are stay in it, for whoever writes it as JSON.
        """
        scope = current_scope.get()
        self.executor = executor
        self.scope = scope if isinstance(scope, RequestScope) else None
        self.propagates = executor.error_propagation
        self.middleware = executor.middleware_manager
        self.failures = Failures(self.propagates)
        self.most = SLICE if works_in_slices else sys.maxsize
        """Objects worked on in one turn."""
        self.keeps_records = keeps_records
        self.is_large = False
        """Whether a set was so large that it had to be worked on in slices."""
        self.later = Later()
        self.beside = 0
        """How many groups of siblings, above each other or not, are waited for side by side."""

    def aside(self) -> Run:
        """Another run of the same operation, for a later part."""
        other = copy(self)
        other.failures, other.later = Failures(self.propagates), Later()
        other.beside = 1  # it runs beside what it is a later part of
        return other

    async def in_turn(self, shape: Shape, sources: Values, where: Where, line: Line) -> list[Row | Failed]:
        """A response map for the root of a mutation, whose fields run one after the other."""
        if shape.deferral is not None:
            where = defer(self, shape.deferral, sources, where)
        columns: list[Values] = []
        for step in shape.steps:
            if self.executor.abort_signal is not None and self.executor.abort_signal.aborted:
                raise self.executor.abort_error()
            column = await self.step(step, sources, where, line)
            if FAILED in column:
                return [FAILED]  # what follows must not run (GraphQL specification, section 6.4.4)
            columns.append(column)
        return list(shape.rows(sources, columns)) if columns else [{}]

    async def objects(self, shape: Shape, sources: Values, where: Where, line: Line) -> list[Row | Failed]:
        """A response map for each object."""
        fitted = None
        if shape.deferral is not None:
            if (refused := refusals(self.executor)) is not None:
                nodes = _column_of(where, 0)[0].field.nodes
                return [self.failures.add(refused.of_defer, where, row, nodes) for row in range(len(sources))]
            where = defer(self, shape.deferral, sources, where)
        elif shape.fits and not shape.fits.keys().isdisjoint(kinds := set(map(type, sources))):
            if len(kinds) > 1:
                return await self._by_kind(shape, sources, where, line)
            fitted = shape.fits[kinds.pop()]
            if fitted.is_response and self.keeps_records:
                return sources
        steps = shape.steps if fitted is None else fitted.columns
        if not shape.steps:
            return [{} for _ in sources]
        if len(steps) == 1:  # it has no siblings to run beside
            columns = [await self.step(steps[0], sources, where, line)]
        else:
            try:
                columns = await self.together([self.step_alone(step, sources, where) for step in steps], line)
            except Doomed:
                return [FAILED] * len(sources)
        rows = await self._written(shape.rows if fitted is None else fitted.rows, sources, columns, line)
        if self.failures:
            for step, column in zip(steps, columns, strict=True):
                if not step.is_nullable and FAILED in column:
                    rows = [FAILED if value is FAILED else row for row, value in zip(rows, column, strict=True)]
        return rows

    async def _written(self, rows_of: RowsOf, sources: Values, columns: list[Values], line: Line) -> list[Row | Failed]:
        """The response maps, made of columns; large sets are made in slices, and others have their turn between."""
        if len(sources) <= self.most:
            return list(rows_of(sources, columns))
        self.is_large = True
        await line.may_wait()
        rows: list[Row | Failed] = []
        for each in slices(len(sources)):
            await yield_to_loop()
            rows += rows_of(sources[each.start : each.stop], [column[each.start : each.stop] for column in columns])
        return rows

    async def _by_kind(self, shape: Shape, sources: Values, where: Where, line: Line) -> list[Row | Failed]:
        """Objects some of which are projected records."""
        groups: dict[type | None, list[int]] = {}
        for row, source in enumerate(sources):
            kind = type(source)
            groups.setdefault(kind if kind in shape.fits else None, []).append(row)
        works = [self._of_kind(shape, [sources[row] for row in rows], Rows(where, rows)) for rows in groups.values()]
        completed: list[Row | Failed] = [FAILED] * len(sources)
        for rows, done in zip(groups.values(), await self.together(works, line), strict=True):
            for row, value in zip(rows, done, strict=True):
                completed[row] = value
        return completed

    async def _of_kind(self, shape: Shape, sources: Values, where: Where) -> list[Row | Failed]:
        return await self.objects(shape, sources, where, Line())

    async def together(self, works: Sequence[Coroutine[Any, Any, T]], line: Line) -> list[T]:
        """Run siblings side by side; those that have nothing to wait for cost no task. What one raises ends all."""
        started: list[Started[T]] = []
        try:
            started += map(Started, works)
            waiting = [each for each in started if not each.is_done]
            if waiting:
                await line.may_wait()
                await self.side_by_side(waiting)
        except BaseException:
            for work in works:
                work.close()
            raise
        return [each.value for each in started]

    async def side_by_side(self, waiting: Sequence[Started[Any]]) -> None:
        """Wait for all of them."""
        if len(waiting) == 1:
            waiting[0].value = await waiting[0]
            return
        self.beside += 1
        try:
            await finished(waiting)
        finally:
            self.beside -= 1

    async def step_alone(self, step: Step, sources: Values, where: Where) -> Values:
        """A step on a line of its own. Raises Doomed when no object can be had without it."""
        column = await self.step(step, sources, where, Line())
        if self.failures and not step.is_nullable and all(value is FAILED for value in column):
            raise Doomed
        return column

    async def step(self, step: Step, sources: Values, where: Where, line: Line) -> Values:
        """The completed values of one field for all objects."""
        column = Column(where, step)
        resolving = step.resolving if self.middleware is None else CALLED
        if isinstance(resolving, Typename):
            return [step.parent_type.name] * len(sources)
        scope = self.scope
        if isinstance(resolving, Fetched) and scope is not None:
            await line.may_wait()
            is_alone = not self.beside and not self.later.left
            fetching = fetch_column(scope, step, resolving, self.executor, sources, column, is_alone=is_alone)
            values, is_finished = await fetching
            if is_finished:
                return self._with_nulls(step.output, values, column, step)
        elif len(sources) > self.most and self.middleware is None:
            return await self.step_in_slices(step, sources, column, line)
        else:
            values = self.had(step, sources, column)
            if isinstance(step.output, Leaf) and ready(step.output.type, values, set(map(type, values))):
                return values  # as nearly always, without a further coroutine
        try:
            return await self.complete(step.output, values, column, step, line)
        except RecursionError as error:  # the innermost field that has room for it tells it
            failed: Values = [self.fail(error, column, row, step) for row in range(len(sources))]
            return self._with_nulls(step.output, failed, column, step)

    async def step_in_slices(self, step: Step, sources: Values, column: Column, line: Line) -> Values:
        """The same; others have their turn in between. What must be waited for is waited for together."""
        await line.may_wait()
        values: Values = []
        for rows in slices(len(sources)):
            await yield_to_loop()
            values += self.had(step, sources[rows.start : rows.stop], Rows(column, rows))
        if not isinstance(step.output, Leaf) or not set(map(type, values)) <= _PLAIN:
            return await self.complete(step.output, values, column, step, line)
        completed: Values = []
        for rows in slices(len(sources)):
            await yield_to_loop()
            part = values[rows.start : rows.stop]
            completed += await self.complete(step.output, part, Rows(column, rows), step, line)
        return completed

    def had(self, step: Step, sources: Values, where: Where) -> Values:
        """What attributes hold and resolvers return."""
        resolving = step.resolving if self.middleware is None else CALLED
        if isinstance(resolving, Given):
            return list(map(resolving.get, sources))
        if isinstance(resolving, Function) and not resolving.is_simple:
            return self.given(resolving, step, sources, where)
        if isinstance(resolving, Attribute | Function):
            return read(resolving, sources)
        return self.called(step, sources, where)

    def given(self, function: Function, step: Step, sources: Values, where: Where) -> Values:
        """What methods return that take more than the object, or that are for objects of one class only."""
        if function.only is not None and set(map(type, sources)) != {function.only}:
            return self.called(step, sources, where)
        try:
            function = function.given(step.arguments(self.executor.variable_values))
        except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
            return [error] * len(sources)
        told = function.told
        if told is None:
            return read(function, sources)
        return read(function, sources, (told(self.info(step, where, row)) for row in range(len(sources))))

    def called(self, step: Step, sources: Values, column: Where) -> Values:
        """What resolvers with graphql-core's signature return, or raise."""
        resolve: Callable[..., Any] = step.field.resolve or self.executor.field_resolver
        try:
            arguments = step.arguments(self.executor.variable_values)
        except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
            return [error] * len(sources)
        shared = None
        if self.middleware is not None:
            resolve = self.middleware.get_field_resolver(resolve)
        elif step.is_introspective:
            shared = self.info(step, column, 0)
        elif resolve is default_field_resolver:
            return self.by_default(step, sources, column, arguments)
        values: Values = []
        for row, source in enumerate(sources):
            try:
                values.append(resolve(source, shared or self.info(step, column, row), **arguments))
            except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
                values.append(error)
        return values

    def by_default(self, step: Step, sources: Values, column: Where, arguments: dict[str, Any]) -> Values:
        """What graphql-core's default resolver would return: what objects hold under the field's name, called."""
        values = held(step.name, sources)
        if any(map(callable, dict(zip(map(type, values), values, strict=True)).values())):  # one of each kind
            for row, call in enumerate(values):
                if callable(call):
                    try:
                        values[row] = call(self.info(step, column, row), **arguments)
                    except Exception as error:  # noqa: BLE001 - as above
                        values[row] = error
        return values

    def info(self, step: Step, column: Where, row: int) -> GraphQLResolveInfo[Any]:
        """What a resolver is told about the field of one object."""
        path = linked_path(column, row)
        return self.executor.build_resolve_info(step.field, step.nodes, step.parent_type, path)

    async def complete(self, output: Output, values: Values, where: Where, step: Step, line: Line) -> Values:
        """From resolved values to those of the response (GraphQL specification, section 6.4.3)."""
        kinds = set(map(type, values))
        if not kinds <= _PLAIN and not all(issubclass(kind, Record) for kind in kinds - _PLAIN):
            if has_awaitables(values, self.executor.is_awaitable):
                group = partial(reach_of, where) if self.propagates and not output.is_nullable else None
                values = await awaited(values, self.executor, line, group)
                kinds = set(map(type, values))
            if any(issubclass(kind, Exception | UndefinedType) for kind in kinds):
                values = [self._settled(value, where, row, step) for row, value in enumerate(values)]
                kinds = set(map(type, values))
        absent = kinds & {NoneType, Failed}
        if not absent:
            completed = await self._present(output, values, kinds, where, step, line)
            return self._with_nulls(output, completed, where, step) if self.failures else completed
        if len(absent) == len(kinds):
            completed = values
        else:
            rows = [row for row, value in enumerate(values) if value is not None and value is not FAILED]
            present = [values[row] for row in rows]
            done = await self._present(output, present, kinds - absent, Rows(where, rows), step, line)
            completed = list(values)
            for row, value in zip(rows, done, strict=True):
                completed[row] = value
        return self._with_nulls(output, completed, where, step)

    def fail(self, error: Exception, where: Where, row: int, step: Step) -> Failed:
        """Note an error; what it returns belongs in its place."""
        return self.failures.add(error, where, row, step.nodes)

    def _settled(self, value: Any, where: Where, row: int, step: Step) -> Any:
        if isinstance(value, Exception):
            return self.fail(value, where, row, step)
        return None if value is Undefined else value

    def _with_nulls(self, output: Output, values: Values, where: Where, step: Step) -> Values:
        if not output.is_nullable and None in values:
            message = f"Cannot return null for non-nullable field {step.parent_type}.{step.name}."
            values = [
                self.fail(TypeError(message), where, row, step) if value is None else value
                for row, value in enumerate(values)
            ]
        if (output.is_nullable or not self.propagates) and self.failures and FAILED in values:
            return [None if value is FAILED else value for value in values]
        return values

    def _present(
        self, output: Output, values: Values, kinds: set[type], where: Where, step: Step, line: Line
    ) -> Awaitable[Values]:
        """Complete values none of which is null: who does it, so that choosing costs no coroutine."""
        if isinstance(output, Listing):
            if output.stream is not None:
                return self._streamed(output, output.stream, values, where, step, line)
            if kinds <= {list, tuple}:
                return self._items(output, values, where, step, line)
            return self._iterated(output, values, where, step, line)
        if isinstance(output, Selected):
            if output.type.is_type_of is None:
                return self.objects(output.shape, values, where, line)
            return self._checked(output, values, where, step, line)
        if isinstance(output, Abstract):
            return self._abstract(output, values, where, step, line)
        return self._leaves(output, values, kinds, where, step)

    async def _leaves(self, output: Leaf, values: Values, kinds: set[type], where: Where, step: Step) -> Values:
        if ready(output.type, values, kinds):
            return values
        return self._tried(lambda value, row: coerced(output.type, value), values, where, step)

    async def _checked(self, output: Selected, values: Values, where: Where, step: Step, line: Line) -> Values:
        checked = await self._typed(output.type, values, where, step, line)
        return await self._kept(lambda rows, at: self.objects(output.shape, rows, at, line), checked, where)

    async def _iterated(self, output: Listing, values: Values, where: Where, step: Step, line: Line) -> Values:
        if any(map(self.executor.is_async_iterable, values)):
            await line.may_wait()
            values = await drained(values, self.executor, until_null=self.propagates and not output.items.is_nullable)
        field = f"{step.parent_type}.{step.name}"
        lists = self._tried(lambda value, row: listed(value, self.executor, field), values, where, step)
        return await self._kept(lambda rows, at: self._items(output, rows, at, step, line), lists, where)

    async def _streamed(
        self, output: Listing, streamed: Streamed, values: Values, where: Where, step: Step, line: Line
    ) -> Values:
        refused = refusals(self.executor)
        if (problem := streamed.problem or (refused and refused.of_stream)) is not None:
            return [self.fail(problem, where, row, step) for row in range(len(values))]
        lists = await opened(values, streamed.first, self.executor, f"{step.parent_type}.{step.name}", line)
        stream(self, streamed, lists, where, step)
        firsts = [
            each.first if isinstance(each, Opened) else self._settled(each, where, row, step)
            for row, each in enumerate(lists)
        ]
        return await self._kept(lambda rows, at: self._items(output, rows, at, step, line), firsts, where)

    async def _items(self, output: Listing, lists: Values, where: Where, step: Step, line: Line) -> Values:
        lengths = list(map(len, lists))
        items = output.items
        kept = len(lists) == 1 and type(lists[0]) is list
        flat = lists[0] if kept else list(chain.from_iterable(lists))
        done = await self.complete(items, flat, Items(where, lengths, items.is_nullable), step, line) if flat else flat
        rest = iter(done)
        completed: Values = [done] if kept else [list(islice(rest, length)) for length in lengths]
        if self.failures and not items.is_nullable:
            return [FAILED if FAILED in each else each for each in completed]
        return completed

    async def _abstract(self, output: Abstract, values: Values, where: Where, step: Step, line: Line) -> Values:
        resolve_type: Any = output.type.resolve_type or self.executor.type_resolver

        def name(value: Any, row: int) -> Any:
            return resolve_type(value, self._info_at(step, where, row), output.type)

        names = await self._asked(name, values, where, step, line)
        by_type: dict[GraphQLObjectType, list[int]] = {}
        completed: Values = [FAILED] * len(values)
        for row, named in enumerate(names):
            if named is FAILED:
                continue
            try:
                info = self._info_at(step, where, row)
                type_ = self.executor.ensure_valid_runtime_type(named, output.type, output.details, info, values[row])
            except GraphQLError as error:
                self.fail(error, where, row, step)
            else:
                by_type.setdefault(type_, []).append(row)
        works = [self._of_type(output, type_, values, rows, where, step) for type_, rows in by_type.items()]
        for rows, done in zip(by_type.values(), await self.together(works, line), strict=True):
            for row, value in zip(rows, done, strict=True):
                completed[row] = value
        return completed

    async def _of_type(
        self, output: Abstract, type_: GraphQLObjectType, values: Values, rows: list[int], where: Where, step: Step
    ) -> Values:
        line = Line()
        own, at = [values[row] for row in rows], Rows(where, rows)
        if type_.is_type_of is None:
            return await self.objects(output.shape(type_), own, at, line)
        checked = await self._typed(type_, own, at, step, line)
        return await self._kept(lambda kept, deeper: self.objects(output.shape(type_), kept, deeper, line), checked, at)

    async def _typed(self, type_: GraphQLObjectType, values: Values, where: Where, step: Step, line: Line) -> Values:
        """The values, FAILED where the type's own `is_type_of` denies them."""
        is_type_of: Any = type_.is_type_of

        def test(value: Any, row: int) -> Any:
            return is_type_of(value, self._info_at(step, where, row))

        answers = await self._asked(test, values, where, step, line)
        if all(answer is True for answer in answers):
            return values
        checked: Values = []
        for row, (value, answer) in enumerate(zip(values, answers, strict=True)):
            if not answer:
                message = f"Expected value of type '{type_}' but got: {inspect(value)}."
                checked.append(self.fail(GraphQLError(message, step.nodes), where, row, step))
            else:
                checked.append(FAILED if answer is FAILED else value)
        return checked

    async def _asked(
        self, ask: Callable[[Any, int], Any], values: Values, where: Where, step: Step, line: Line
    ) -> Values:
        """What `ask` says of each value, awaited where it must be; FAILED where it raises."""
        answers = self._tried(ask, values, where, step)
        if not has_awaitables(answers, self.executor.is_awaitable):
            return answers
        settled = await awaited(answers, self.executor, line)
        return [
            self.fail(answer, where, row, step) if isinstance(answer, Exception) else answer
            for row, answer in enumerate(settled)
        ]

    def _tried(self, work: Callable[[Any, int], Any], values: Values, where: Where, step: Step) -> Values:
        done: Values = []
        for row, value in enumerate(values):
            try:
                done.append(work(value, row))
            except Exception as error:  # noqa: BLE001 - authors' scalars and types may raise anything
                done.append(self.fail(error, where, row, step))
        return done

    async def _kept(self, work: Callable[[Values, Where], Awaitable[Values]], values: Values, where: Where) -> Values:
        """Work on what has not failed."""
        if FAILED not in values:
            return await work(values, where)
        rows = [row for row, value in enumerate(values) if value is not FAILED]
        completed = list(values)
        done = await work([values[row] for row in rows], Rows(where, rows)) if rows else []
        for row, value in zip(rows, done, strict=True):
            completed[row] = value
        return completed

    def _info_at(self, step: Step, where: Where, row: int) -> GraphQLResolveInfo[Any]:
        """The field's info for a value inside of it: its path ends at the field, whatever list the value is in."""
        return self.info(step, *_column_of(where, row))


def _column_of(where: Where, row: int) -> tuple[Column, int]:
    """The field that a value is in, whatever list it is in, and its object's row."""
    while not isinstance(where, Column):
        where, row = where.outer(row)
    return where, row
