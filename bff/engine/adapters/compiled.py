"""Run an operation on the compiled engine. Called by the gateway for frontends with `engine: compiled`, the default."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing
from functools import cached_property
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    default_field_resolver,
    default_type_resolver,
    get_named_type,
    is_specified_scalar_type,
    visit,
)

from bff.authoring import Context
from bff.engine.adapters.executor import StrawberryExecutor
from bff.engine.adapters.operation import CompiledOperation
from bff.engine.adapters.template import ExecutorTemplate
from bff.engine.graphql_core import (
    FragmentDetails,
    VariableValues,
    create_source_event_stream,
    get_variable_values,
    map_source_to_response_event,
)

MAX_COERCION_ERRORS = 50
NO_VALUES = VariableValues({}, {})
"""For operations that declare no variables; never written to."""


class CompiledProgram:
    """An operation, and what the executor needs of its document, computed once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self._schema = schema
        self._operation = operation
        self._definitions = fragments
        self._fragments = {name: FragmentDetails(each) for name, each in fragments.items()}
        self._compiled = CompiledOperation(operation, fragments)
        self._variables = operation.variable_definitions or ()
        self._template: ExecutorTemplate | None = None

    def begin(
        self, variables: Mapping[str, Any] | None, context: Context, *, takes_records: bool = False
    ) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
        """Run a query or mutation as far as it needs not wait: the result, or the rest. Errors are in the result.

        `takes_records` as in Request.
        """
        is_known = self._template is not None
        executor = self._create_executor(variables, context)
        if isinstance(executor, ExecutionResult):
            return executor
        executor.keeps_records = takes_records and is_known and self._has_plain_leaves
        result: ExecutionResult | Coroutine[Any, Any, ExecutionResult] = executor.execute_operation()
        return result

    @cached_property
    def _has_plain_leaves(self) -> bool:
        """Whether all that is selected is of the specification's scalars, or of enums."""
        types = TypeInfo(self._schema)
        leaves = _LeafVisitor(types)
        for node in (self._operation, *self._definitions.values()):
            visit(node, TypeInfoVisitor(types, leaves))
        return leaves.are_plain

    async def run_in_parts(self, variables: Mapping[str, Any] | None, context: Context) -> AsyncGenerator[Any, None]:
        """Run a query or mutation with @defer or @stream: graphql-core's incremental results, or its only result.

        What a query leaves for later begins with everything else; mutations wait, because that may read what they
        changed.
        """
        executor = self._create_executor(
            variables, context, begins_early=self._operation.operation is OperationType.QUERY
        )
        if isinstance(executor, ExecutionResult):
            yield executor
            return
        context.unfinished.append(executor.cancel_incremental_work)
        result = executor.execute_operation()
        done = await result if isawaitable(result) else result
        if isinstance(done, ExecutionResult):
            yield done
            return
        yield done.initial_result
        async with aclosing(done.subsequent_results) as results:
            async for each in results:
                yield each

    async def subscribe(
        self, variables: Mapping[str, Any] | None, context: Context
    ) -> AsyncGenerator[ExecutionResult, None]:
        """Run a subscription: a result for each event, or the one that says why there are none, or no more."""
        executor = self._create_executor(variables, context)
        if isinstance(executor, ExecutionResult):
            yield executor
            return
        try:
            stream = create_source_event_stream(executor)
            events = await stream if isawaitable(stream) else stream
            if isinstance(events, ExecutionResult):
                yield events
                return
            async with aclosing(map_source_to_response_event(executor, events)) as results:
                async for result in results:
                    yield result
        except Exception as error:  # noqa: BLE001 - authors' generators may raise anything; it ends the subscription
            reported = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
            yield ExecutionResult(None, [reported])

    def _create_executor(
        self, variables: Mapping[str, Any] | None, context: Context, *, begins_early: bool = False
    ) -> StrawberryExecutor | ExecutionResult:
        values: VariableValues | list[GraphQLError] = NO_VALUES
        if self._variables:
            values = get_variable_values(self._schema, self._variables, dict(variables or {}), MAX_COERCION_ERRORS)
        if isinstance(values, list):
            return ExecutionResult(None, values)
        if self._template is None:
            self._template = ExecutorTemplate(self._create_first_executor(context, values))
        executor = self._template.create(context, values)
        executor.enable_early_execution = begins_early
        return executor

    def _create_first_executor(self, context: Context, values: VariableValues) -> StrawberryExecutor:
        executor = StrawberryExecutor(
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
        executor.works_in_slices = True
        return executor


class _LeafVisitor(Visitor):
    """Looks for scalars whose values may be anything."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.are_plain = True

    def enter_field(self, *_: object) -> None:
        """Look at the type of one field."""
        type_ = self._types.get_type()
        if type_ is not None and isinstance(named := get_named_type(type_), GraphQLScalarType):
            self.are_plain = self.are_plain and is_specified_scalar_type(named)
