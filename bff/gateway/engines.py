"""What runs the operations of a frontend: our compiled engine or graphql-core's executor, chosen once at boot."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Protocol

import strawberry

from bff.engine.adapters import reference
from bff.frontends.frontend import Frontend
from bff.operation.operation import Operation


class Engine(Protocol):
    """Runs prepared operations, whose `context` is filled."""

    def begin(self, operation: Operation) -> Any | Coroutine[Any, Any, Any]:
        """Run a query or mutation as far as it need not wait: the execution result, or what to await for it."""

    async def run_in_parts(self, operation: Operation) -> AsyncGenerator[Any, None]:
        """Run a query or mutation with @defer or @stream: graphql-core's incremental results, or its only result."""

    async def subscribe(self, operation: Operation) -> AsyncGenerator[Any, None] | Any:
        """Start a subscription: its results, or the one result that says why there are none."""


def choose_engine(frontend: Frontend) -> Engine:
    """The engine of a frontend, by its options and by what its schema needs."""
    return CompiledEngine() if frontend.is_compiled else ReferenceEngine(frontend.schema)


class CompiledEngine:
    """The compiled engine: the plan holds the program."""

    def begin(self, operation: Operation) -> Any | Coroutine[Any, Any, Any]:
        """Run the program."""
        request = operation.request
        return operation.plan.program.begin(request.variables, operation.context, takes_records=request.takes_records)

    async def run_in_parts(self, operation: Operation) -> AsyncGenerator[Any, None]:
        """Run the program of the document that has @defer and @stream."""
        program = operation.plan.program_in_parts or operation.plan.program
        return program.run_in_parts(operation.request.variables, operation.context)

    async def subscribe(self, operation: Operation) -> AsyncGenerator[Any, None] | Any:
        """Run the program for each event."""
        return operation.plan.program.subscribe(operation.request.variables, operation.context)


class ReferenceEngine:
    """graphql-core's executor, through strawberry, with all that authors' schema extensions do."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema

    def begin(self, operation: Operation) -> Any | Coroutine[Any, Any, Any]:
        """Execute; there is always something to await."""
        return reference.run(self._schema, *_get_arguments(operation))

    async def run_in_parts(self, operation: Operation) -> AsyncGenerator[Any, None]:
        """Execute incrementally."""
        return await reference.run_in_parts(self._schema, *_get_arguments(operation))

    async def subscribe(self, operation: Operation) -> AsyncGenerator[Any, None] | Any:
        """Subscribe."""
        return await reference.subscribe(self._schema, *_get_arguments(operation))


def _get_arguments(operation: Operation) -> tuple[str, Any, str | None, Any]:
    request = operation.request
    return request.query, request.variables, request.operation_name, operation.context
