"""@defer in sets: what a fragment defers is one run for all objects of a set. Used by `delivery`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import GraphQLError

from bff.engine.compile.batchability import find_batchability
from bff.engine.compile.shapes import Deferral, Shape
from bff.engine.execute.execution import Execution
from bff.engine.execute.paths import Paths, Position, Rows, core_path_or_none
from bff.engine.execute.suspend import Line
from bff.engine.graphql_core import (
    Computation,
    DeferUsage,
    DeliveryGroup,
    ExecutionGroup,
    ExecutionGroupValue,
    IncrementalExecutor,
    Path,
)
from bff.engine.incremental.deferred import DeferredPart, DeferredParts
from bff.engine.incremental.portion import Portion


@dataclass(frozen=True, slots=True, eq=False)
class DeferredObjects:
    """Objects that a use of @defer begins at."""

    base: Paths
    groups: dict[int, Sequence[DeliveryGroup]] = field(default_factory=dict)
    """For each use (by identity: two may look alike), what it delivers of each object."""

    def positions(self, row: int) -> Iterator[Position]:
        """Where the object is."""
        return self.base.positions(row)

    def parent(self, row: int) -> tuple[Paths, int]:
        """The same object."""
        return self.base, row


def defer_fields(
    run: Execution,
    executor: IncrementalExecutor,
    deferred: DeferredParts,
    deferral: Deferral,
    sources: Sequence[Any],
    paths: Paths,
) -> Paths:
    """Leave for later what a shape defers; the objects have from now on the paths that it returns."""
    here = DeferredObjects(paths)
    rows = range(len(sources))
    parts = [DeferredPart(here, row, core_path_or_none(paths, row)) for row in rows]
    for usage in deferral.usages:
        outer = usage.parent_defer_usage
        parents = [None if outer is None else _find_delivery_group(outer, here, row) for row in rows]
        here.groups[id(usage)] = [
            DeliveryGroup(each.path, usage.label, parent) for each, parent in zip(parts, parents, strict=True)
        ]
    for row, each in enumerate(parts):
        each.groups = [here.groups[id(usage)][row] for usage in deferral.usages]
    for usages, shape in deferral.groups:
        owners = [[_find_delivery_group(usage, here, row) for usage in usages] for row in rows]
        portions = _make_portions(run, executor, deferred, shape, sources, parts, owners)
        _add_tasks(executor, portions, parts, owners)
        if executor.enable_early_execution:
            for portion in portions:
                portion.start_soon(is_batched=find_batchability(shape).is_batched)
    deferred.parts += parts
    return here


def _make_portions(
    run: Execution,
    executor: IncrementalExecutor,
    deferred: DeferredParts,
    shape: Shape,
    sources: Sequence[Any],
    parts: Sequence[DeferredPart],
    owners: Sequence[list[DeliveryGroup]],
) -> list[Portion]:
    """One for all objects, or one for each where each has something of its own to wait for."""
    here = parts[0].paths
    make = partial(_execute_rows, shape, sources, here)
    publish = partial(_publish_row, [each.path for each in parts], owners)
    all_rows = range(len(parts))
    groups = [[row] for row in all_rows] if find_batchability(shape).is_alone else [all_rows]
    return [Portion(run, executor, deferred, here, rows, make, publish) for rows in groups]


def _add_tasks(
    executor: IncrementalExecutor,
    portions: Sequence[Portion],
    parts: Sequence[DeferredPart],
    owners: Sequence[list[DeliveryGroup]],
) -> None:
    for row, each in enumerate(parts):
        portion = portions[row % len(portions)]
        task = ExecutionGroup(owners[row], Computation(partial(portion.get_result, row)), each.path)
        each.tasks.append(task)
        each.on_drop.append(partial(portion.drop_row, row))
        executor.tasks.append(task)


async def _execute_rows(
    shape: Shape, sources: Sequence[Any], here: Paths, run: Execution, rows: Sequence[int]
) -> list[Any]:
    return await run.execute_selection_set(shape, [sources[row] for row in rows], Rows(here, rows), Line())


def _publish_row(
    paths: Sequence[Path | None],
    owners: Sequence[list[DeliveryGroup]],
    row: int,
    data: dict[str, Any],
    errors: list[GraphQLError] | None,
) -> ExecutionGroupValue:
    return ExecutionGroupValue(owners[row], _list_path(paths[row]), data, errors)


def _list_path(path: Path | None) -> list[str | int]:
    return path.as_list() if path is not None else []


def _find_delivery_group(usage: DeferUsage, paths: Paths, row: int) -> DeliveryGroup:
    """What a use of @defer delivers at an object or above it."""
    while not (isinstance(paths, DeferredObjects) and id(usage) in paths.groups):
        paths, row = paths.parent(row)
    return paths.groups[id(usage)][row]
