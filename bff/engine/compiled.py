"""Run an operation on the compiled engine. Called by the gateway for frontends with `engine: compiled`, the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.values import get_variable_values

from bff.authoring import Context
from bff.engine.executor import Compiled, SetExecutor

MOST_COERCION_ERRORS = 50


class Program:
    """An operation with what the executor needs of its document, found once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self._schema = schema
        self._operation = operation
        self._definitions = fragments
        self._fragments = {name: FragmentDetails(each) for name, each in fragments.items()}
        self._compiled = Compiled(operation, fragments)

    @property
    def reason(self) -> str | None:
        """Why graphql-core has to run it; None when the engine can."""
        return self._compiled.reason

    async def run(self, variables: Mapping[str, Any] | None, context: Context) -> ExecutionResult:
        """Run a query or mutation. Errors are in the result."""
        values = get_variable_values(
            self._schema, self._operation.variable_definitions or (), dict(variables or {}), MOST_COERCION_ERRORS
        )
        if isinstance(values, list):
            return ExecutionResult(None, values)
        executor = SetExecutor(
            self._schema,
            self._definitions,
            self._fragments,
            None,
            context,
            self._operation,
            values,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            compiled=self._compiled,
        )
        result = executor.execute_operation()
        done: ExecutionResult = result if isinstance(result, ExecutionResult) else await result
        return done
