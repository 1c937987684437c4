"""@defer and @stream of one run, as bff.engine.execute calls them. Made by adapters.executor for each run."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import GraphQLError, OperationType

from bff.engine.compile.shapes import Deferral, Step, StreamedList
from bff.engine.execute.execution import Execution, Values
from bff.engine.execute.paths import Paths
from bff.engine.execute.suspend import Line
from bff.engine.graphql_core import (
    DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS,
    STREAM_NOT_SUPPORTED_ON_SUBSCRIPTIONS,
    UNEXPECTED_MULTIPLE_PAYLOADS,
    Executor,
    IncrementalExecutor,
)
from bff.engine.incremental.defer import defer_fields
from bff.engine.incremental.deferred import DeferredParts
from bff.engine.incremental.stream import OpenList, open_lists, stream_rest


class Refusals(NamedTuple):
    """The errors of fields whose objects would be deferred, or whose lists would be streamed."""

    of_defer: GraphQLError
    of_stream: Exception


class IncrementalDelivery(DeferredParts):
    """Takes what one run defers and streams."""

    def refuse_defer(self, executor: Executor[Any]) -> GraphQLError | None:
        """The error of fields whose objects would be deferred; None where they may be."""
        refusals = find_refusals(executor)
        return refusals and refusals.of_defer

    def refuse_stream(self, executor: Executor[Any]) -> Exception | None:
        """The error of fields whose lists would be streamed; None where they may be."""
        refusals = find_refusals(executor)
        return refusals and refusals.of_stream

    def defer(self, run: Execution, deferral: Deferral, sources: Values, paths: Paths) -> Paths:
        """Take what a shape defers; the objects have from now on the paths that it returns."""
        assert isinstance(run.executor, IncrementalExecutor)
        return defer_fields(run, run.executor, self, deferral, sources, paths)

    async def stream(
        self, run: Execution, streamed: StreamedList, values: Values, paths: Paths, step: Step, line: Line
    ) -> Values:
        """Take what follows the first items of lists. Returns the first items, or the exception in their place."""
        executor = run.executor
        assert isinstance(executor, IncrementalExecutor)
        lists = await open_lists(values, streamed.initial_count, executor, f"{step.parent_type}.{step.name}", line)
        stream_rest(run, executor, self, streamed, lists, paths, step)
        return [each.initial_items if isinstance(each, OpenList) else each for each in lists]


def find_refusals(executor: Executor[Any]) -> Refusals | None:
    """Why an executor delivers no parts; None when it does."""
    if executor.operation.operation is OperationType.SUBSCRIPTION:
        of_stream = TypeError(STREAM_NOT_SUPPORTED_ON_SUBSCRIPTIONS)
        return Refusals(GraphQLError(DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS), of_stream)
    if isinstance(executor, IncrementalExecutor):
        return None
    return Refusals(GraphQLError(UNEXPECTED_MULTIPLE_PAYLOADS), GraphQLError(UNEXPECTED_MULTIPLE_PAYLOADS))
