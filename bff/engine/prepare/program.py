"""The contract between a plan and the engine that runs it. `bff.engine.adapters.compiled` implements it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from typing import Any, Protocol

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode

from bff.authoring import Context


class Program(Protocol):
    """One operation, compiled."""

    def begin(
        self, variables: Mapping[str, Any] | None, context: Context, *, takes_records: bool = False
    ) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
        """Run a query or mutation as far as it needs not wait: the result, or the rest. Errors are in the result.

        `takes_records` as in Request.
        """

    def run_in_parts(self, variables: Mapping[str, Any] | None, context: Context) -> AsyncGenerator[Any, None]:
        """Run a query or mutation with @defer or @stream: graphql-core's incremental results, or its only result."""

    def subscribe(self, variables: Mapping[str, Any] | None, context: Context) -> AsyncGenerator[ExecutionResult, None]:
        """Run a subscription: a result for each event, or the one that says why there are none, or no more."""


MakeProgram = Callable[[GraphQLSchema, DocumentNode, OperationDefinitionNode], Program]
"""Compiles an operation of a valid document."""
