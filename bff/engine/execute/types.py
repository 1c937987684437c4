"""Which object type a value has: `resolve_type` of abstract types, `is_type_of` of object types, for a whole set.

Used by bff.engine.execute.complete (GraphQL specification, section 6.4.3, ResolveAbstractType).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLError, GraphQLObjectType, GraphQLResolveInfo

from bff.engine.compile.shapes import AbstractOutput, Step
from bff.engine.execute.awaitables import await_values, has_awaitables
from bff.engine.execute.execution import Execution, Values
from bff.engine.execute.failures import FAILED
from bff.engine.execute.paths import Paths, find_column
from bff.engine.execute.resolve import build_info
from bff.engine.execute.suspend import Line
from bff.engine.graphql_core import inspect


async def resolve_types(
    run: Execution, output: AbstractOutput, values: Values, paths: Paths, step: Step, line: Line
) -> dict[GraphQLObjectType, list[int]]:
    """The rows of each type. A value without a valid type is noted as failed and in no row."""
    executor = run.executor
    resolve_type: Any = output.type.resolve_type or executor.type_resolver

    def resolve(value: Any, row: int) -> Any:
        return resolve_type(value, _field_info(run, step, paths, row), output.type)

    names = await _ask_each(run, resolve, values, paths, step, line)
    by_type: dict[GraphQLObjectType, list[int]] = {}
    for row, name in enumerate(names):
        if name is FAILED:
            continue
        try:
            info = _field_info(run, step, paths, row)
            type_ = executor.ensure_valid_runtime_type(name, output.type, output.details, info, values[row])
        except GraphQLError as error:
            run.failures.add(error, paths, row, step.nodes)
        else:
            by_type.setdefault(type_, []).append(row)
    return by_type


async def check_types(
    run: Execution, type_: GraphQLObjectType, values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    """The values, with FAILED in place of those that the type's own `is_type_of` denies."""
    is_type_of: Any = type_.is_type_of

    def ask(value: Any, row: int) -> Any:
        return is_type_of(value, _field_info(run, step, paths, row))

    answers = await _ask_each(run, ask, values, paths, step, line)
    if all(answer is True for answer in answers):
        return values
    checked: Values = []
    for row, (value, answer) in enumerate(zip(values, answers, strict=True)):
        if not answer:
            message = f"Expected value of type '{type_}' but got: {inspect(value)}."
            checked.append(run.failures.add(GraphQLError(message, step.nodes), paths, row, step.nodes))
        else:
            checked.append(FAILED if answer is FAILED else value)
    return checked


def try_each(run: Execution, work: Callable[[Any, int], Any], values: Values, paths: Paths, step: Step) -> Values:
    """What `work` makes of each value and its row; FAILED where it raises."""
    done: Values = []
    for row, value in enumerate(values):
        try:
            done.append(work(value, row))
        except Exception as error:  # noqa: BLE001 - authors' scalars and types may raise anything
            done.append(run.failures.add(error, paths, row, step.nodes))
    return done


async def _ask_each(
    run: Execution, ask: Callable[[Any, int], Any], values: Values, paths: Paths, step: Step, line: Line
) -> Values:
    """What `ask` returns for each value, awaited where it is awaitable; FAILED where it raises."""
    answers = try_each(run, ask, values, paths, step)
    if not has_awaitables(answers, run.executor.is_awaitable):
        return answers
    outcomes = await await_values(answers, run.executor, line)
    return [
        run.failures.add(outcome, paths, row, step.nodes) if isinstance(outcome, Exception) else outcome
        for row, outcome in enumerate(outcomes)
    ]


def _field_info(run: Execution, step: Step, paths: Paths, row: int) -> GraphQLResolveInfo[Any]:
    """The field's info for a value inside of it: its path ends at the field, whatever list the value is in."""
    return build_info(run.executor, step, *find_column(paths, row))
