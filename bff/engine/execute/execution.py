"""What the modules of this room are handed: the run of one operation, and what defers and streams parts of it."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from graphql import GraphQLError

from bff.engine.compile.shapes import Deferral, Row, Shape, Step, StreamedList
from bff.engine.execute.failures import Failed, Failures
from bff.engine.execute.paths import Paths
from bff.engine.execute.suspend import Line
from bff.engine.graphql_core import Executor

T = TypeVar("T")
Values = list[Any]


class Execution(Protocol):
    """One operation under way. `bff.engine.execute.run.Run` implements it."""

    executor: Executor[Any]
    failures: Failures
    propagates: bool
    """Whether an error makes null what contains it, up to a position that may be null."""

    @property
    def incremental(self) -> Incremental:
        """What takes the parts that are delivered after the first one."""

    async def execute_selection_set(
        self, shape: Shape, sources: Values, paths: Paths, line: Line
    ) -> list[Row | Failed]:
        """A response map for each object."""

    async def run_together(self, works: Sequence[Coroutine[Any, Any, T]], line: Line) -> list[T]:
        """Run siblings side by side."""

    def copy_for_part(self, incremental: Incremental) -> Execution:
        """Another run of the same operation, for a later part."""


class Incremental(Protocol):
    """@defer and @stream of one run. `bff.engine.incremental.delivery.IncrementalDelivery` implements it."""

    @property
    def has_parts(self) -> bool:
        """Whether anything was deferred or streamed."""

    def refuse_defer(self, executor: Executor[Any]) -> GraphQLError | None:
        """The error of fields whose objects would be deferred; None where they may be."""

    def refuse_stream(self, executor: Executor[Any]) -> Exception | None:
        """The error of fields whose lists would be streamed; None where they may be."""

    def defer(self, run: Execution, deferral: Deferral, sources: Values, paths: Paths) -> Paths:
        """Take what a shape defers; the objects have from now on the paths that it returns."""

    async def stream(
        self, run: Execution, streamed: StreamedList, values: Values, paths: Paths, step: Step, line: Line
    ) -> Values:
        """Take what follows the first items of lists. Returns the first items, or the exception in their place."""
