"""The compiled engine over any graphql-core schema, with graphql-core's signatures. Called by the gateway and by tests.

It is an executor class of graphql-core's: what it does not run in sets it leaves to the executor it derives from, for
the whole operation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
)
from graphql.execution import ExperimentalIncrementalExecutionResults
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY, Executor
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.incremental import IncrementalExecutor, IncrementalPublisher
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from bff.engine.compile.shapes import Row, Shape, Source, conditions_of, root_shape
from bff.engine.execute.failures import FAILED, TURN, Failed
from bff.engine.execute.paths import Root
from bff.engine.execute.run import Run
from bff.engine.execute.suspend import Line, Started
from bff.engine.incremental.defer import refusals
from bff.engine.incremental.deferred import work_of
from connectors.aio.cooperative import yield_to_loop

Results = ExecutionResult | ExperimentalIncrementalExecutionResults

fallbacks: Counter[str] = Counter()
"""Operations that the engine left to graphql-core, by reason, since the process started."""
natives: Counter[str] = Counter()
"""Operations that the engine ran itself, by kind."""

MOST_KEPT = 256
"""Compiled operations kept of documents that are executed again, where the caller keeps them not itself."""
MOST_SHAPES = 16
"""Compiled shapes kept of one operation, one for each combination of its @skip and @include variables."""
_INCREMENTAL = {"defer", "stream"}


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """A key that is equal to itself only, and keeps what it is the key of alive."""

    value: Any

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value


class Compiled:
    """What is kept of an operation between requests: why it cannot run in sets, or its shapes."""

    def __init__(self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.kind = operation.operation.value
        self.reason = _reason(operation, fragments)
        self._is_kept = not any(each.variable_definitions for each in fragments.values())
        self._conditions = conditions_of(operation, fragments)
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def shape(self, executor: Executor[Any]) -> Shape:
        """The root shape for this request's variables. Raises GraphQLError, also where the schema has no such root."""
        if not self._is_kept:  # the values of fragment variables are part of it
            return _root(executor)
        coerced = executor.variable_values.coerced
        key = (executor.hide_suggestions, *(coerced.get(name) for name in self._conditions))
        shape = self._shapes.get(key)
        if shape is None:
            shape = _root(executor)
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
        return shape


class InSets(Executor[Any]):
    """Runs operations in sets; `compiled` is handed in where the document is known from before."""

    works_in_slices = False
    """Whether large sets let the event loop serve others in between. Their results are always awaitables then."""
    keeps_records = False
    """Whether the result may hold records of connectors.forms, for who writes it as JSON."""

    def __init__(self, *args: Any, compiled: Compiled | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if compiled is None:
            definitions = self.fragment_definitions.values()
            compiled = _compiled(Same(self.schema), Same(self.operation), tuple(map(Same, definitions)))
        self.compiled = compiled

    @property  # an attribute there, and with it a cycle of every executor with itself
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """What resolvers may use to have awaitables looked after."""
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, helpers: GraphQLResolveInfoHelpers) -> None:
        """Made where it is asked for."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result, or an awaitable of it where something must be waited for."""
        reason = self.compiled.reason
        if reason is not None and not isinstance(self, IncrementalExecutor | ExecutorThrowingOnIncremental):
            fallbacks[reason] += 1
            return super().execute_operation(serially)
        natives[self.compiled.kind] += 1
        if self.abort_signal is not None and self.abort_signal.aborted:
            self.run_async_work_finished_hook()
            raise self.abort_error()
        result = self._begun(serially)
        if isinstance(result, ExecutionResult):
            self.run_async_work_finished_hook()
            return self.finish(result)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            return self.finish(result)
        return result if self.abort_signal is None else self.with_aborted_execution_error(result)

    def _begun(self, serially: bool | None) -> Results | Coroutine[Any, Any, Results]:
        try:
            shape = self.compiled.shape(self)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        except RecursionError:
            return ExecutionResult(None, [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self.operation)])
        if shape.deferral is not None and (refused := refusals(self)) is not None:
            return ExecutionResult(None, [refused.of_defer])
        run = Run(self, works_in_slices=self.works_in_slices, keeps_records=self.keeps_records)
        in_turn = self.compiled.kind == "mutation" if serially is None else serially
        rooted = run.in_turn if in_turn else run.objects
        started = Started(rooted(shape, [self.root_value], Root(), Line()))
        return _result(run, started.value[0]) if started.is_done else self._finished(run, started)

    async def _finished(self, run: Run, started: Started[list[Row | Failed]]) -> Results:
        TURN.set(TURN.get() + 1)
        result: Results | None = None
        try:
            (data,) = await started
            if run.is_large:
                await yield_to_loop()  # the run freed much memory at its end, and what comes next takes long too
            result = _result(run, data)
        except Exception:
            await self.cancel_incremental_work()
            raise
        finally:
            if not isinstance(result, ExperimentalIncrementalExecutionResults):
                self.run_async_work_finished_hook()
        return result


class SetExecutor(InSets, IncrementalExecutor):
    """The engine, with graphql-core's incremental executor behind it."""


class StrawberryExecutor(InSets, StrawberryGraphQLCoreExecutionContext):
    """The engine with what strawberry adds to `Info`, for `strawberry.Schema(execution_context_class=...)`."""


class EventExecutor(InSets, ExecutorThrowingOnIncremental):
    """The engine for the events of subscriptions, which are compiled once for all of them."""


@lru_cache(maxsize=MOST_KEPT)
def _compiled(schema: Same, operation: Same, fragments: tuple[Same, ...]) -> Compiled:
    """What was compiled for these very nodes, so that whoever parses a document once has it compiled once."""
    return Compiled(operation.value, {each.value.name.value: each.value for each in fragments})


def _result(run: Run, data: Any) -> Results:
    data = None if data is FAILED else data
    errors = (run.failures.errors() if run.failures else None) or None
    if run.later.left and isinstance(run.executor, IncrementalExecutor):
        nulled = run.failures.nulled() if errors else set()
        work = work_of(run.later.left, nulled, run.executor)
        if work.tasks or work.streams:
            return IncrementalPublisher().build_response(data, errors, work, run.executor)
    return ExecutionResult(data, errors)


def _reason(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> str | None:
    """Why graphql-core has to run it; None when we can."""
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        if any(directive.name.value in _INCREMENTAL for directive in node.directives or ()):
            return "incremental delivery"
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            waiting += inner.selections
    return None


def _root(executor: Executor[Any]) -> Shape:
    kind = executor.operation.operation
    root_type = executor.schema.get_root_type(kind)
    if root_type is None:
        raise GraphQLError(f"Schema is not configured to execute {kind.value} operation.", executor.operation)
    source = Source(
        executor.schema, executor.operation, executor.fragments, executor.variable_values, executor.hide_suggestions
    )
    return root_shape(source, root_type)


__all__ = ["Compiled", "EventExecutor", "InSets", "SetExecutor", "StrawberryExecutor", "fallbacks", "natives"]
