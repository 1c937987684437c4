"""The compiled engine over any graphql-core schema, with graphql-core's signatures. Called by the gateway and by tests.

It is an executor class of graphql-core's: what it does not run in sets it leaves to the executor it derives from, for
the whole operation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
)

from bff.authoring.strawberry_insides import StrawberryGraphQLCoreExecutionContext
from bff.engine.adapters.operation import CompiledOperation, IdentityKey, compile_operation
from bff.engine.adapters.strawberry_incremental import HelpersByAccess, ReleasesParts
from bff.engine.compile.shapes import Row
from bff.engine.execute.failures import FAILED, WAIT_COUNT, Failed
from bff.engine.execute.paths import Root
from bff.engine.execute.run import Run
from bff.engine.execute.suspend import EagerStart, Line
from bff.engine.graphql_core import (
    SELECTIONS_NESTED_TOO_DEEPLY,
    Executor,
    ExecutorThrowingOnIncremental,
    ExperimentalIncrementalExecutionResults,
    IncrementalExecutor,
    IncrementalPublisher,
)
from bff.engine.incremental.deferred import Nulls, collect_work
from bff.engine.incremental.delivery import IncrementalDelivery, find_refusals
from connectors.aio.cooperative import yield_to_loop

Results = ExecutionResult | ExperimentalIncrementalExecutionResults

fallbacks: Counter[str] = Counter()
"""Operations that the engine left to graphql-core, by reason, since the process started."""
natives: Counter[str] = Counter()
"""Operations that the engine ran itself, by kind."""


class InSets(HelpersByAccess, Executor[Any]):
    """Runs operations in sets; `compiled` is handed in where the operation has been compiled before."""

    works_in_slices = False
    """Whether other tasks run between slices of large sets. Their results are always awaitables then."""
    keeps_records = False
    """Whether the result may hold records of connectors.forms, to be written as JSON."""
    incremental: IncrementalDelivery
    """What takes the parts of the operation; set when it begins."""

    def __init__(self, *args: Any, compiled: CompiledOperation | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if compiled is None:
            definitions = self.fragment_definitions.values()
            compiled = compile_operation(
                IdentityKey(self.schema), IdentityKey(self.operation), tuple(map(IdentityKey, definitions))
            )
        self.compiled = compiled

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
        result = self._begin(serially)
        if isinstance(result, ExecutionResult):
            self.run_async_work_finished_hook()
            return self.finish(result)
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            return self.finish(result)
        return result if self.abort_signal is None else self.with_aborted_execution_error(result)

    def _begin(self, serially: bool | None) -> Results | Coroutine[Any, Any, Results]:
        try:
            shape = self.compiled.get_shape(self)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        except RecursionError:
            return ExecutionResult(None, [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self.operation)])
        if shape.deferral is not None and (refused := find_refusals(self)) is not None:
            return ExecutionResult(None, [refused.of_defer])
        self.incremental = incremental = IncrementalDelivery()
        run = Run(self, incremental, works_in_slices=self.works_in_slices, keeps_records=self.keeps_records)
        is_serial = self.compiled.kind == "mutation" if serially is None else serially
        execute = run.execute_serially if is_serial else run.execute_selection_set
        started = EagerStart(execute(shape, [self.root_value], Root(), Line()))
        if started.is_done:
            return _build_result(run, incremental, started.value[0])
        return self._finish(run, incremental, started)

    async def _finish(
        self, run: Run, incremental: IncrementalDelivery, started: EagerStart[list[Row | Failed]]
    ) -> Results:
        WAIT_COUNT.set(WAIT_COUNT.get() + 1)
        result: Results | None = None
        try:
            (data,) = await started
            if run.is_large:
                await yield_to_loop()  # freeing what the run held and what comes next take long, too
            result = _build_result(run, incremental, data)
        except Exception:
            await self.cancel_incremental_work()
            raise
        finally:
            if not isinstance(result, ExperimentalIncrementalExecutionResults):
                self.run_async_work_finished_hook()
        return result


class SetExecutor(InSets, IncrementalExecutor):
    """The engine, with graphql-core's incremental executor behind it."""


class StrawberryExecutor(ReleasesParts, InSets, StrawberryGraphQLCoreExecutionContext):
    """The engine with what strawberry adds to `Info`, for `strawberry.Schema(execution_context_class=...)`."""

    async def cancel_incremental_work(self, reason: BaseException | None = None) -> None:
        """End what is under way, and forget all parts."""
        await super().cancel_incremental_work(reason)
        self.incremental.release()


class EventExecutor(InSets, ExecutorThrowingOnIncremental):
    """The engine for the events of subscriptions, which are compiled once for all of them."""


def _build_result(run: Run, incremental: IncrementalDelivery, data: Any) -> Results:
    data = None if data is FAILED else data
    errors: list[GraphQLError] | None = None
    nulls: Nulls | None = None
    if run.failures:
        errors, nulls = run.failures.list_errors(), run.failures.find_nulls()
        run.failures.release(errors)
    if incremental.parts and isinstance(run.executor, IncrementalExecutor):
        work = collect_work(incremental.take_parts(), nulls or set(), run.executor)
        if work.tasks or work.streams:
            return IncrementalPublisher().build_response(data, errors, work, run.executor)
    return ExecutionResult(data, errors)


__all__ = ["EventExecutor", "InSets", "SetExecutor", "StrawberryExecutor", "fallbacks", "natives"]
