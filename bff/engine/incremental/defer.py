"""@defer in sets: what a fragment defers is one run for all objects of a set. Used by bff.engine.execute.run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from graphql import GraphQLError, OperationType
from graphql.execution.collect_fields import DeferUsage
from graphql.execution.executor import DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS, UNEXPECTED_MULTIPLE_PAYLOADS, Executor
from graphql.execution.incremental import (
    Computation,
    DeliveryGroup,
    ExecutionGroup,
    ExecutionGroupValue,
    IncrementalExecutor,
)
from graphql.pyutils import Path

from bff.engine.compile.batchability import manner_of
from bff.engine.compile.shapes import Deferral, Shape
from bff.engine.execute.paths import Position, Rows, Where
from bff.engine.execute.suspend import Line
from bff.engine.incremental.deferred import Left, Portion, Running, path_at

_NO_STREAM = (
    "`@stream` directive not supported on subscription operations."
    " Disable `@stream` by setting the `if` argument to `false`."
)
"""graphql-core's words, which it gives no name."""


class Refusals(NamedTuple):
    """The errors of fields whose objects would be deferred, or whose lists would be streamed."""

    of_defer: GraphQLError
    of_stream: Exception


@dataclass(frozen=True, slots=True, eq=False)
class Deferring:
    """Objects that a use of @defer begins at."""

    of: Where
    groups: dict[int, Sequence[DeliveryGroup]] = field(default_factory=dict)
    """For each use (by identity: two may look alike), what it delivers of each object."""

    def up(self, row: int) -> Iterator[Position]:
        """Where the object is."""
        return self.of.up(row)

    def outer(self, row: int) -> tuple[Where, int]:
        """The same object."""
        return self.of, row


def refusals(executor: Executor[Any]) -> Refusals | None:
    """Why an executor gives no parts; None when it does."""
    if executor.operation.operation is OperationType.SUBSCRIPTION:
        return Refusals(GraphQLError(DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS), TypeError(_NO_STREAM))
    if isinstance(executor, IncrementalExecutor):
        return None
    return Refusals(GraphQLError(UNEXPECTED_MULTIPLE_PAYLOADS), GraphQLError(UNEXPECTED_MULTIPLE_PAYLOADS))


def defer(run: Running, deferral: Deferral, sources: Sequence[Any], where: Where) -> Where:
    """Leave for later what a shape defers; the objects are from now on where it returns."""
    here = Deferring(where)
    rows = range(len(sources))
    left = [Left(here, row, path_at(where, row)) for row in rows]
    for usage in deferral.usages:
        outer = usage.parent_defer_usage
        parents = [None if outer is None else _delivery(outer, here, row) for row in rows]
        here.groups[id(usage)] = [
            DeliveryGroup(each.path, usage.label, parent) for each, parent in zip(left, parents, strict=True)
        ]
    for row, each in enumerate(left):
        each.groups = [here.groups[id(usage)][row] for usage in deferral.usages]
    for usages, shape in deferral.groups:
        owners = [[_delivery(usage, here, row) for usage in usages] for row in rows]
        _leave(run, shape, sources, left, owners)
    run.later.left += left
    return here


def _leave(
    run: Running, shape: Shape, sources: Sequence[Any], left: Sequence[Left], owners: Sequence[list[DeliveryGroup]]
) -> None:
    here = left[0].where
    executor = run.executor
    make, finish = partial(_made, shape, sources, here), partial(_part, left, owners)
    manner, every = manner_of(shape), range(len(left))
    together = [[row] for row in every] if manner.is_alone else [every]
    portions = [Portion(run, here, rows, make, finish) for rows in together]
    for row, each in enumerate(left):
        portion = portions[row % len(portions)]
        task = ExecutionGroup(owners[row], Computation(partial(portion.result, row)), each.path)
        each.tasks.append(task)
        each.gone.append(partial(portion.leave, row))
        executor.tasks.append(task)
    if executor.enable_early_execution:
        for portion in portions:
            portion.begin_soon(is_batched=manner.is_batched)


async def _made(shape: Shape, sources: Sequence[Any], here: Where, run: Any, rows: Sequence[int]) -> Any:
    return await run.objects(shape, [sources[row] for row in rows], Rows(here, rows), Line())


def _part(
    left: Sequence[Left],
    owners: Sequence[list[DeliveryGroup]],
    row: int,
    data: dict[str, Any],
    errors: list[GraphQLError] | None,
) -> ExecutionGroupValue:
    return ExecutionGroupValue(owners[row], _keys(left[row].path), data, errors)


def _keys(path: Path | None) -> list[str | int]:
    return path.as_list() if path is not None else []


def _delivery(usage: DeferUsage, where: Where, row: int) -> DeliveryGroup:
    """What a use of @defer delivers at an object or above it."""
    while not (isinstance(where, Deferring) and id(usage) in where.groups):
        where, row = where.outer(row)
    return where.groups[id(usage)][row]
