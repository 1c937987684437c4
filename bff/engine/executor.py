"""The compiled engine over any graphql-core schema, with graphql-core's signatures. Called by the gateway and by tests.

It is an executor class of graphql-core's: what it does not run in sets (introspection, abort signals, middleware,
fragment variables) it leaves to the executor it derives from, for the whole operation.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY, Executor
from graphql.execution.incremental.incremental_executor import IncrementalExecutor

from bff.engine.failures import FAILED
from bff.engine.run import Run
from bff.engine.shapes import Shape, Source, conditions_of, root_shape
from bff.engine.suspend import Started
from bff.engine.where import Root

fallbacks: Counter[str] = Counter()
"""Operations that the engine left to graphql-core, by reason, since the process started."""
natives: Counter[str] = Counter()
"""Operations that the engine ran itself, by kind."""

MOST_SHAPES = 16
"""Compiled shapes kept of one operation, one for each combination of its @skip and @include variables."""
_NOT_IN_SETS = {"__schema": "introspection", "__type": "introspection"}
_INCREMENTAL = {"defer", "stream"}


class Compiled:
    """What is kept of an operation between requests: why it cannot run in sets, or its shapes."""

    def __init__(self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.reason = _reason(operation, fragments)
        self._conditions = conditions_of(operation, fragments)
        self._shapes: dict[tuple[Any, ...], Shape] = {}

    def shape(self, executor: Executor[Any]) -> Shape:
        """The root shape for this request's variables. Raises GraphQLError."""
        coerced = executor.variable_values.coerced
        key = tuple(coerced.get(name) for name in self._conditions)
        shape = self._shapes.get(key)
        if shape is None:
            shape = _root(executor)
            if len(self._shapes) >= MOST_SHAPES:
                self._shapes.clear()
            self._shapes[key] = shape
        return shape


class InSets(Executor[Any]):
    """Runs operations in sets; `compiled` is handed in where the document is known from before."""

    def __init__(self, *args: Any, compiled: Compiled | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.compiled = compiled or Compiled(self.operation, self.fragment_definitions)

    def execute_operation(self, serially: bool | None = None) -> Any:
        """The result, or an awaitable of it where something must be waited for."""
        reason = self._reason()
        if reason is not None:
            fallbacks[reason] += 1
            return super().execute_operation(serially)
        kind = self.operation.operation
        natives[kind.value] += 1
        root_type = self.schema.get_root_type(kind)
        if root_type is None:
            error = GraphQLError(f"Schema is not configured to execute {kind.value} operation.", self.operation)
            return ExecutionResult(None, [error])
        try:
            shape = self.compiled.shape(self)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        except RecursionError:
            return ExecutionResult(None, [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self.operation)])
        run = Run(self)
        in_turn = kind == OperationType.MUTATION if serially is None else serially
        started = Started(run.root(shape, self.root_value, Root(), serially=in_turn))
        if started.is_done:
            return _result(run, started.value)
        return _finish(run, started)

    def _reason(self) -> str | None:
        """Why the executor this is mixed into has to run the operation; None when it need not."""
        if self.middleware_manager is not None:
            return "middleware"
        if self.abort_signal is not None or self.hooks is not None:
            return "abort signal or hooks"
        if not self.error_propagation:
            return "no error propagation"
        return self.compiled.reason


class SetExecutor(InSets, IncrementalExecutor):
    """The engine, with graphql-core's incremental executor behind it."""


async def _finish(run: Run, started: Started[Any]) -> ExecutionResult:
    return _result(run, await started)


def _result(run: Run, data: Any) -> ExecutionResult:
    errors = run.failures.errors() if run.failures else None
    return ExecutionResult(None if data is FAILED else data, errors or None)


def _reason(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> str | None:
    """Why graphql-core has to run it; None when we can."""
    waiting: list[Any] = [operation, *fragments.values()]
    while waiting:
        node = waiting.pop()
        if isinstance(node, FieldNode) and node.name.value in _NOT_IN_SETS:
            return _NOT_IN_SETS[node.name.value]
        if isinstance(node, FragmentDefinitionNode) and node.variable_definitions:
            return "fragment variables"
        if any(directive.name.value in _INCREMENTAL for directive in node.directives or ()):
            return "incremental delivery"
        inner = getattr(node, "selection_set", None)
        if inner is not None:
            waiting += inner.selections
    return None


def _root(executor: Executor[Any]) -> Shape:
    root_type = executor.schema.get_root_type(executor.operation.operation)
    assert root_type is not None
    source = Source(executor.schema, executor.operation, executor.fragments, executor.variable_values)
    return root_shape(source, root_type)


__all__ = ["Compiled", "InSets", "SetExecutor", "fallbacks", "natives"]
