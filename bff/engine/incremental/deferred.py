"""What a run leaves for later parts of an answer: fields of @defer, items of @stream.

Later parts run in sets, too (see `portion`). What becomes of them (ids, what is announced when, which part holds what)
is up to graphql-core's own work queue and publisher, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Self

from bff.engine.execute.execution import Incremental
from bff.engine.execute.failures import WAIT_COUNT, Failures
from bff.engine.execute.paths import Paths, row_at
from bff.engine.graphql_core import DeliveryGroup, ExecutionGroup, IncrementalExecutor, ItemStream, Path, Work

Nulls = set[tuple[str | int, ...] | None]


@dataclass(slots=True, eq=False)
class DeferredPart:
    """What one object or list has left for later."""

    paths: Paths
    row: int
    path: Path | None
    groups: Sequence[DeliveryGroup] = ()
    tasks: list[ExecutionGroup] = field(default_factory=list)
    stream: ItemStream | None = None
    on_drop: list[Callable[[], None]] = field(default_factory=list)
    """Called when it is not wanted any more."""
    waits: int = field(default_factory=WAIT_COUNT.get)

    def order_of_delivery(self) -> tuple[int, tuple[float, ...]]:
        """As graphql-core finds it: what is inside of an object before what is its own."""
        positions = [float(position.order) for position in self.paths.positions(self.row)]
        return self.waits, (*reversed(positions), inf)

    def is_under(self, nulls: Nulls) -> bool:
        """Whether its place has become null."""
        path = tuple(self.path.as_list()) if self.path else ()
        return None in nulls or any(path[:length] in nulls for length in range(1, len(path) + 1))

    def drop(self, executor: IncrementalExecutor) -> None:
        """End what is under way of it."""
        reason = RuntimeError("Cancelled secondary to null within original result")
        for task in self.tasks:
            executor.settle_abort_result(task.computation.abort(reason))
        if self.stream is not None:
            executor.settle_abort_result(self.stream.queue.abort(reason))
        for notify in self.on_drop:
            notify()


class DeferredParts(Incremental):
    """What one run leaves for later; the subclass knows how it gets there."""

    def __init__(self) -> None:
        self.parts: list[DeferredPart] = []
        self.unreported: dict[int, Failures] = {}
        """Those of rows that may never be sent, of all runs of the operation."""

    @property
    def has_parts(self) -> bool:
        """Whether anything was deferred or streamed."""
        return bool(self.parts)

    def take_parts(self) -> list[DeferredPart]:
        """What was left, which is not kept here any more: each part has its portion, which has this."""
        parts, self.parts = self.parts, []
        return parts

    def create_empty(self) -> Self:
        """The same for another run."""
        other = type(self)()
        other.unreported = self.unreported
        return other

    def release(self) -> None:
        """Forget what was left and will not be sent."""
        self.parts = []
        while self.unreported:
            self.unreported.popitem()[1].release([])

    def split_by_row(self, base: Paths) -> dict[int, list[DeferredPart]]:
        """Take what is left below each row of a set."""
        found: dict[int, list[DeferredPart]] = {}
        for each in self.take_parts():
            found.setdefault(row_at(base, each.paths, each.row), []).append(each)
        return found


def collect_work(parts: Sequence[DeferredPart], nulls: Nulls, executor: IncrementalExecutor) -> Work:
    """As graphql-core takes it; what is under a null is dropped."""
    groups: list[DeliveryGroup] = []
    tasks: list[ExecutionGroup] = []
    streams: list[ItemStream] = []
    for each in sorted(parts, key=DeferredPart.order_of_delivery):
        groups += each.groups
        if nulls and each.is_under(nulls):
            each.drop(executor)
            continue
        tasks += each.tasks
        streams += [each.stream] if each.stream is not None else []
    return Work(groups, tasks, streams)
