"""Run a compiled operation in sets: each step gets all its objects at once. Called by bff.engine.executor.

Every method takes and gives whole columns. A value that could not be had is FAILED until it meets a position that may
be null; where nothing failed, nothing is looked at twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from inspect import iscoroutine
from itertools import chain, islice
from types import GeneratorType, NoneType
from typing import Any, TypeVar

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo, Undefined
from graphql.execution.executor import Executor
from graphql.pyutils import UndefinedType, inspect, is_iterable

from bff.engine.failures import FAILED, Failed, Failures
from bff.engine.fetching import fetch_column
from bff.engine.leaves import coerced, ready
from bff.engine.resolving import Attribute, Fetched, Function, Typename
from bff.engine.shapes import Abstract, Leaf, Listing, Output, Row, Selected, Shape, Step
from bff.engine.suspend import Line, Started
from bff.engine.where import Column, Items, Rows, Where, linked_path
from bff.loading.scope import RequestScope
from connectors.contract import Event, Reply
from connectors.endpoint import current_scope

T = TypeVar("T")
Values = list[Any]
_PLAIN = frozenset({NoneType, str, int, float, bool, list, tuple, dict, Failed})
"""Kinds of values that are neither exceptions nor awaitable, known without asking."""
_SCALARS = frozenset({NoneType, str, int, float, bool})
_MAY_HOLD = (Reply, Event, Mapping, list, tuple)
"""Kinds of values in which an author may have left what an endpoint gave."""


class Doomed(Exception):
    """A field that may not be null has failed for all objects of a set: its siblings need not be waited for."""


class Run:
    """One operation under way."""

    def __init__(self, executor: Executor[Any]) -> None:
        scope = current_scope.get()
        self.executor = executor
        self.scope = scope if isinstance(scope, RequestScope) else None
        self.failures = Failures()

    async def root(self, shape: Shape, value: Any, where: Where, *, serially: bool) -> Row | Failed:
        """The operation's data."""
        if not serially:
            alone = await self.objects(shape, [value], where, Line())
            return alone[0]
        line = Line()
        columns: list[Values] = []
        for step in shape.steps:
            column = await self.step(step, [value], where, line)
            if FAILED in column:
                return FAILED  # what follows must not run (GraphQL specification, section 6.4.4)
            columns.append(column)
        data: Row = shape.rows(columns)[0] if columns else {}
        return data

    async def objects(self, shape: Shape, sources: Values, where: Where, line: Line) -> list[Row | Failed]:
        """A response map for each object."""
        if not shape.steps:
            return [{} for _ in sources]
        try:
            columns = await self.together([self.step_alone(step, sources, where) for step in shape.steps], line)
        except Doomed:
            return [FAILED] * len(sources)
        rows: list[Row | Failed] = [*shape.rows(columns)]
        if self.failures:
            for step, column in zip(shape.steps, columns, strict=True):
                if not step.is_nullable and FAILED in column:
                    rows = [FAILED if value is FAILED else row for row, value in zip(rows, column, strict=True)]
        return rows

    async def together(self, works: Sequence[Coroutine[Any, Any, T]], line: Line) -> list[T]:
        """Run siblings side by side; those that have nothing to wait for cost no task. What one raises ends all."""
        started: list[Started[T]] = []
        try:
            started += map(Started, works)
            waiting = [each for each in started if not each.is_done]
            if waiting:
                await line.may_wait()
                await _finished(waiting)
        except BaseException:
            for work in works:
                work.close()
            raise
        return [each.value for each in started]

    async def step_alone(self, step: Step, sources: Values, where: Where) -> Values:
        """A step on a line of its own. Raises Doomed when no object can be had without it."""
        column = await self.step(step, sources, where, Line())
        if self.failures and not step.is_nullable and all(value is FAILED for value in column):
            raise Doomed
        return column

    async def step(self, step: Step, sources: Values, where: Where, line: Line) -> Values:
        """The completed values of one field for all objects."""
        column = Column(where, step)
        resolving = step.resolving
        if isinstance(resolving, Typename):
            return [step.parent_type.name] * len(sources)
        scope = self.scope
        if isinstance(resolving, Fetched) and scope is not None:
            await line.may_wait()
            values = await fetch_column(scope, step, resolving, self.executor, sources, column)
        elif isinstance(resolving, Attribute | Function):
            values = _read(resolving, sources)
        else:
            values = self.called(step, sources, column)
        return await self.complete(step.output, values, column, step, line)

    def called(self, step: Step, sources: Values, column: Column) -> Values:
        """What resolvers with graphql-core's signature return, or raise."""
        resolve: Callable[..., Any] = step.field.resolve or self.executor.field_resolver
        try:
            arguments = step.arguments(self.executor.variable_values)
        except Exception as error:  # noqa: BLE001 - a custom scalar may raise anything; it is the field's error
            return [error] * len(sources)
        values: Values = []
        for row, source in enumerate(sources):
            try:
                values.append(resolve(source, self.info(step, column, row), **arguments))
            except Exception as error:  # noqa: BLE001 - authors' code may raise anything; errors are values here
                values.append(error)
        return values

    def info(self, step: Step, column: Column, row: int) -> GraphQLResolveInfo[Any]:
        """What a resolver is told about the field of one object."""
        run = self.executor
        return GraphQLResolveInfo(
            step.name,
            step.nodes,
            step.field.type,
            step.parent_type,
            linked_path(column, row),
            run.schema,
            run.fragment_definitions,
            run.root_value,
            run.operation,
            run.variable_values,
            run.context_value,
            run.is_awaitable,
            run.abort_signal,
            run.async_helpers,
        )

    async def complete(self, output: Output, values: Values, where: Where, step: Step, line: Line) -> Values:
        """From resolved values to those of the response (GraphQL specification, section 6.4.3)."""
        kinds = set(map(type, values))
        if not kinds <= _PLAIN:
            if _has_awaitables(values, self.executor.is_awaitable):
                values = await _awaited(values, self.executor.is_awaitable, line)
                kinds = set(map(type, values))
            if any(issubclass(kind, Exception | UndefinedType) for kind in kinds):
                values = [self._settled(value, where, row, step) for row, value in enumerate(values)]
                kinds = set(map(type, values))
        absent = kinds & {NoneType, Failed}
        if not absent:
            completed = await self._present(output, values, kinds, where, step, line)
        elif len(absent) == len(kinds):
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
        if output.is_nullable:
            if self.failures and FAILED in values:
                return [None if value is FAILED else value for value in values]
        elif None in values:
            message = f"Cannot return null for non-nullable field {step.parent_type}.{step.name}."
            return [
                self.fail(TypeError(message), where, row, step) if value is None else value
                for row, value in enumerate(values)
            ]
        return values

    async def _present(
        self, output: Output, values: Values, kinds: set[type], where: Where, step: Step, line: Line
    ) -> Values:
        """Complete values none of which is null."""
        if isinstance(output, Leaf):
            if ready(output.type, values, kinds):
                return values
            type_ = output.type
            return self._tried(lambda value, row: coerced(type_, value), values, where, step)
        if isinstance(output, Listing):
            return await self._lists(output, values, kinds, where, step, line)
        if isinstance(output, Selected):
            if output.type.is_type_of is None:
                return await self.objects(output.shape, values, where, line)
            checked = await self._typed(output.type, values, where, step, line)
            return await self._kept(lambda rows, at: self.objects(output.shape, rows, at, line), checked, where)
        return await self._abstract(output, values, where, step, line)

    async def _lists(
        self, output: Listing, values: Values, kinds: set[type], where: Where, step: Step, line: Line
    ) -> Values:
        if not kinds <= {list, tuple}:
            if any(map(self.executor.is_async_iterable, values)):
                await line.may_wait()
                values = await _drained(values, self.executor.is_async_iterable)
            listed = self._tried(lambda value, row: _as_list(value, step), values, where, step)
            return await self._kept(lambda rows, at: self._items(output, rows, at, step, line), listed, where)
        return await self._items(output, values, where, step, line)

    async def _items(self, output: Listing, lists: Values, where: Where, step: Step, line: Line) -> Values:
        lengths = list(map(len, lists))
        items = output.items
        flat = list(chain.from_iterable(lists))
        done = await self.complete(items, flat, Items(where, lengths, items.is_nullable), step, line) if flat else flat
        rest = iter(done)
        completed: Values = [list(islice(rest, length)) for length in lengths]
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
        if not _has_awaitables(answers, self.executor.is_awaitable):
            return answers
        settled = await _awaited(answers, self.executor.is_awaitable, line)
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
        while not isinstance(where, Column):
            where, row = where.outer(row)
        return self.info(step, where, row)


def _read(resolving: Attribute | Function, sources: Values) -> Values:
    """Attributes, or what methods return; exceptions are values."""
    try:
        values = list(map(resolving.get, sources))
    except Exception:  # noqa: BLE001 - authors' code may raise anything; then each is asked by itself
        values = [_outcome(resolving.get, source) for source in sources]
    if not any(issubclass(kind, _MAY_HOLD) for kind in set(map(type, values)) - _SCALARS):
        return values
    return [_outcome(resolving.unwrapped, value) for value in values]


def _outcome(work: Callable[[Any], Any], value: Any) -> Any:
    try:
        return work(value)
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _has_awaitables(values: Values, is_awaitable: Callable[[Any], bool]) -> bool:
    """Asked of one value of each kind; only generators of one kind may differ."""
    samples = dict(zip(map(type, values), values, strict=True))
    return any(map(is_awaitable, values if GeneratorType in samples else samples.values()))


async def _awaited(values: Values, is_awaitable: Callable[[Any], bool], line: Line) -> Values:
    """What awaitables give, or the exceptions they raise, in their places."""
    rows = [row for row, value in enumerate(values) if is_awaitable(value)]
    settled = list(values)
    try:
        await line.may_wait()
        if len(rows) == 1:
            settled[rows[0]] = await _outcome_of(values[rows[0]])
            return settled
        outcomes = await asyncio.gather(*(_outcome_of(values[row]) for row in rows))
    except BaseException:
        for row in rows:  # whatever nobody waits for any more must not be left unstarted
            if iscoroutine(values[row]):
                values[row].close()
        raise
    for row, outcome in zip(rows, outcomes, strict=True):
        settled[row] = outcome
    return settled


async def _outcome_of(awaitable: Awaitable[Any]) -> Any:
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - as above
        return error


async def _finished(waiting: Sequence[Started[Any]]) -> None:
    """Go on with all of them; when one raises, the others are cancelled and gone before it is told."""
    if len(waiting) == 1:
        waiting[0].value = await waiting[0]
        return
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        values = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    for each, value in zip(waiting, values, strict=True):
        each.value = value


async def _drained(values: Values, is_async: Callable[[Any], bool]) -> Values:
    """Lists of what async iterables give; the exception that ends one stands in its place."""
    return list(await asyncio.gather(*(_outcome_of(_items_of(value, is_async)) for value in values)))


async def _items_of(value: Any, is_async: Callable[[Any], bool]) -> Any:
    return [item async for item in value] if is_async(value) else value


def _as_list(value: Any, step: Step) -> list[Any]:
    if isinstance(value, Exception):
        raise value
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{step.parent_type}.{step.name}'.")
    return list(value)
