"""Complete the values of one field, a whole set at a time (GraphQL specification, section 6.4.3). Used by `run`.

A value that fails is FAILED until it meets a position that may be null; where nothing failed, nothing is looked at
twice. What objects select is executed by the run, which every function here is handed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, islice
from types import NoneType
from typing import Any

from graphql import GraphQLObjectType, Undefined

from bff.engine.compile.shapes import AbstractOutput, LeafOutput, ListOutput, ObjectOutput, Output, Step, StreamedList
from bff.engine.execute.awaitables import await_values, drain_iterables, has_awaitables, list_items
from bff.engine.execute.execution import Execution, Values
from bff.engine.execute.failures import FAILED, Failed, null_position
from bff.engine.execute.leaves import are_response_values, coerce_leaf
from bff.engine.execute.paths import Items, Paths, Rows
from bff.engine.execute.suspend import Line
from bff.engine.execute.types import check_types, resolve_types, try_each
from bff.engine.graphql_core import UndefinedType
from connectors.forms import Record

PLAIN = frozenset({NoneType, str, int, float, bool, list, tuple, dict, Failed})
"""Kinds of values that are neither exceptions nor awaitable, known without asking."""


async def complete_values(
    run: Execution, output: Output, values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    """From resolved values to those of the response."""
    kinds = set(map(type, values))
    if not kinds <= PLAIN and not all(issubclass(kind, Record) for kind in kinds - PLAIN):
        if has_awaitables(values, run.executor.is_awaitable):
            group = partial(null_position, paths) if run.propagates and not output.is_nullable else None
            values = await await_values(values, run.executor, line, group)
            kinds = set(map(type, values))
        if any(issubclass(kind, Exception | UndefinedType) for kind in kinds):
            values = [_note_exception(run, value, paths, row, step) for row, value in enumerate(values)]
            kinds = set(map(type, values))
    absent = kinds & {NoneType, Failed}
    if not absent:
        completed = await _complete_present(run, output, values, kinds, paths, step, line)
        return put_nulls(run, output, completed, paths, step) if run.failures else completed
    if len(absent) == len(kinds):
        completed = values
    else:
        rows = [row for row, value in enumerate(values) if value is not None and value is not FAILED]
        present = [values[row] for row in rows]
        done = await _complete_present(run, output, present, kinds - absent, Rows(paths, rows), step, line)
        completed = list(values)
        for row, value in zip(rows, done, strict=True):
            completed[row] = value
    return put_nulls(run, output, completed, paths, step)


def put_nulls(run: Execution, output: Output, values: Values, paths: Paths, step: Step) -> Values:
    """Null for what failed where it may be null; an error for null where it may not."""
    if not output.is_nullable and None in values:
        message = f"Cannot return null for non-nullable field {step.parent_type}.{step.name}."
        values = [
            run.failures.add(TypeError(message), paths, row, step.nodes) if value is None else value
            for row, value in enumerate(values)
        ]
    if (output.is_nullable or not run.propagates) and run.failures and FAILED in values:
        return [None if value is FAILED else value for value in values]
    return values


def _note_exception(run: Execution, value: Any, paths: Paths, row: int, step: Step) -> Any:
    if isinstance(value, Exception):
        return run.failures.add(value, paths, row, step.nodes)
    return None if value is Undefined else value


def _complete_present(
    run: Execution, output: Output, values: Values, kinds: set[type], paths: Paths, step: Step, line: Line
) -> Awaitable[Values]:
    """Complete values none of which is null. No coroutine itself, so that choosing the function costs none."""
    if isinstance(output, ListOutput):
        if output.stream is not None:
            return _complete_streams(run, output, output.stream, values, paths, step, line)
        if kinds <= {list, tuple}:
            return _complete_lists(run, output, values, paths, step, line)
        return _complete_iterables(run, output, values, paths, step, line)
    if isinstance(output, ObjectOutput):
        if output.type.is_type_of is None:
            return run.execute_selection_set(output.shape, values, paths, line)
        return _complete_checked_objects(run, output, output.type, values, paths, step, line)
    if isinstance(output, AbstractOutput):
        return _complete_abstract(run, output, values, paths, step, line)
    return _complete_leaves(run, output, values, kinds, paths, step)


async def _complete_leaves(
    run: Execution, output: LeafOutput, values: Values, kinds: set[type], paths: Paths, step: Step
) -> Values:
    if are_response_values(output.type, values, kinds):
        return values
    return try_each(run, lambda value, row: coerce_leaf(output.type, value), values, paths, step)


async def _complete_lists(
    run: Execution, output: ListOutput, lists: Values, paths: Paths, step: Step, line: Line
) -> Values:
    """Complete the items of all lists at once."""
    lengths = list(map(len, lists))
    items = output.items
    is_one_list = len(lists) == 1 and type(lists[0]) is list
    flat = lists[0] if is_one_list else list(chain.from_iterable(lists))
    done = flat
    if flat:
        done = await complete_values(run, items, flat, Items(paths, lengths, items.is_nullable), step, line)
    rest = iter(done)
    completed: Values = [done] if is_one_list else [list(islice(rest, length)) for length in lengths]
    if run.failures and not items.is_nullable:
        return [FAILED if FAILED in each else each for each in completed]
    return completed


async def _complete_iterables(
    run: Execution, output: ListOutput, values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    executor = run.executor
    if any(map(executor.is_async_iterable, values)):
        await line.enter_loop()
        values = await drain_iterables(values, executor, until_null=run.propagates and not output.items.is_nullable)
    field = f"{step.parent_type}.{step.name}"
    lists = try_each(run, lambda value, row: list_items(value, executor, field), values, paths, step)
    return await _skip_failed(lambda rows, at: _complete_lists(run, output, rows, at, step, line), lists, paths)


async def _complete_streams(
    run: Execution, output: ListOutput, streamed: StreamedList, values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    problem = streamed.problem or run.incremental.refuse_stream(run.executor)
    if problem is not None:
        return [run.failures.add(problem, paths, row, step.nodes) for row in range(len(values))]
    lists = await run.incremental.stream(run, streamed, values, paths, step, line)
    firsts = [_note_exception(run, each, paths, row, step) for row, each in enumerate(lists)]
    return await _skip_failed(lambda rows, at: _complete_lists(run, output, rows, at, step, line), firsts, paths)


async def _complete_abstract(
    run: Execution, output: AbstractOutput, values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    """Complete the objects of each type together, all types side by side."""
    by_type = await resolve_types(run, output, values, paths, step, line)
    completed: Values = [FAILED] * len(values)
    works = [_complete_type(run, output, type_, values, rows, paths, step) for type_, rows in by_type.items()]
    for rows, done in zip(by_type.values(), await run.run_together(works, line), strict=True):
        for row, value in zip(rows, done, strict=True):
            completed[row] = value
    return completed


async def _complete_type(
    run: Execution,
    output: AbstractOutput,
    type_: GraphQLObjectType,
    values: Values,
    rows: list[int],
    paths: Paths,
    step: Step,
) -> Values:
    line = Line()
    own, at = [values[row] for row in rows], Rows(paths, rows)
    if type_.is_type_of is None:
        return await run.execute_selection_set(output.shape_of(type_), own, at, line)
    return await _complete_checked_objects(run, output, type_, own, at, step, line)


async def _complete_checked_objects(
    run: Execution,
    output: ObjectOutput | AbstractOutput,
    type_: GraphQLObjectType,
    values: Values,
    paths: Paths,
    step: Step,
    line: Line,
) -> Values:
    """Complete objects whose type has a test of its own."""
    checked = await check_types(run, type_, values, paths, step, line)
    return await _skip_failed(
        lambda rows, at: run.execute_selection_set(output.shape_of(type_), rows, at, line), checked, paths
    )


async def _skip_failed(work: Callable[[Values, Paths], Awaitable[Values]], values: Values, paths: Paths) -> Values:
    """Work on what has not failed."""
    if FAILED not in values:
        return await work(values, paths)
    rows = [row for row, value in enumerate(values) if value is not FAILED]
    completed = list(values)
    done = await work([values[row] for row in rows], Rows(paths, rows)) if rows else []
    for row, value in zip(rows, done, strict=True):
        completed[row] = value
    return completed
