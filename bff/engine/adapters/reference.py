"""Run a plan on graphql-core's own executor, through strawberry, so that every feature of both works as documented."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any

import strawberry
from graphql import specified_rules
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult

from bff.authoring import Context
from bff.engine.adapters.strawberry_incremental import enable_incremental


class FromPlan(SchemaExtension):
    """Hands strawberry the document that was already parsed and validated."""

    def on_parse(self) -> Iterator[None]:
        """Skip parsing when the context carries a document."""
        context = self.execution_context.context
        if isinstance(context, Context) and context.document is not None:
            self.execution_context.graphql_document = context.document
        yield

    def on_validate(self) -> Iterator[None]:
        """Skip validation when the context carries a document, unless an author's extension has rules of its own."""
        context = self.execution_context.context
        has_more_rules = len(self.execution_context.validation_rules) > len(specified_rules)
        if isinstance(context, Context) and context.document is not None and not has_more_rules:
            self.execution_context.pre_execution_errors = []
        yield


def adopt(schema: strawberry.Schema) -> None:
    """Make a schema take documents from plans, and know @defer and @stream. Idempotent."""
    enable_incremental(schema)
    if FromPlan not in schema.extensions:
        schema.extensions = (FromPlan, *schema.extensions)


async def run(
    schema: strawberry.Schema, query: str, variables: Mapping[str, Any] | None, name: str | None, context: Context
) -> ExecutionResult:
    """Run a query or mutation. Errors are in the result."""
    try:
        return await schema.execute(
            query, variable_values=dict(variables or {}), operation_name=name, context_value=context
        )
    finally:
        context.unfinished.clear()  # it holds the executor, which holds the context


async def run_in_parts(
    schema: strawberry.Schema, query: str, variables: Mapping[str, Any] | None, name: str | None, context: Context
) -> AsyncGenerator[Any, None]:
    """Run a query or mutation with @defer or @stream: a generator of graphql-core's incremental results.

    One ExecutionResult when there is nothing to wait for.
    """
    return await schema.stream(query, variable_values=dict(variables or {}), operation_name=name, context_value=context)


async def subscribe(
    schema: strawberry.Schema, query: str, variables: Mapping[str, Any] | None, name: str | None, context: Context
) -> AsyncGenerator[Any, None] | Any:
    """Start a subscription: a generator of results, or one result when it could not start."""
    return await schema.subscribe(
        query, variable_values=dict(variables or {}), operation_name=name, context_value=context
    )
