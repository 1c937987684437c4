"""What the engine uses of graphql-core beside its documented API, in one place.

Written for graphql-core 3.3. After an upgrade `tests/bff/engine/test_graphql_core.py` fails first.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql.execution import (
    ExperimentalIncrementalExecutionResults,
    InitialIncrementalExecutionResult,
    SubsequentIncrementalExecutionResult,
    create_source_event_stream,
    map_source_to_response_event,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    DeferUsage,
    FieldDetails,
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.executor import (
    DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS,
    SELECTIONS_NESTED_TOO_DEEPLY,
    UNEXPECTED_MULTIPLE_PAYLOADS,
    CollectedErrors,
    Executor,
)
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.execution.incremental import (
    Computation,
    DeferUsageSet,
    DeliveryGroup,
    ExecutionGroup,
    ExecutionGroupValue,
    IncrementalExecutor,
    IncrementalPublisher,
    ItemStream,
    StreamItemQueue,
    StreamItemValue,
    Work,
    WorkResult,
    build_execution_plan,
)
from graphql.execution.values import (
    FragmentVariableValues,
    VariableValues,
    get_argument_values,
    get_directive_values,
    get_variable_values,
)
from graphql.pyutils import Path, RefMap, UndefinedType, inspect, is_iterable
from graphql.type.definition import GraphQLResolveInfoHelpers
from graphql.validation.rules import overlapping_fields_can_be_merged

STREAM_NOT_SUPPORTED_ON_SUBSCRIPTIONS = (
    "`@stream` directive not supported on subscription operations."
    " Disable `@stream` by setting the `if` argument to `false`."
)
"""graphql-core's words, which it gives no name."""


def limit_merge_comparisons(count: int) -> None:
    """Let the rule that compares every two fields of one name do so at most so often, in the whole process."""
    overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = count


def forget_work(tasks: Iterable[ExecutionGroup], streams: Iterable[ItemStream]) -> None:
    """Take the tracebacks from work that has ended: they hold what it has made, and are held by it."""
    for task in tasks:
        task.computation._traceback = None  # noqa: SLF001 - no method does it
    for stream in streams:
        stream.queue._producer_task = None  # type: ignore[attr-defined] # noqa: SLF001 - as above


__all__ = [
    "DEFER_NOT_SUPPORTED_ON_SUBSCRIPTIONS",
    "SELECTIONS_NESTED_TOO_DEEPLY",
    "STREAM_NOT_SUPPORTED_ON_SUBSCRIPTIONS",
    "UNEXPECTED_MULTIPLE_PAYLOADS",
    "CollectedErrors",
    "CollectedFields",
    "Computation",
    "DeferUsage",
    "DeferUsageSet",
    "DeliveryGroup",
    "ExecutionGroup",
    "ExecutionGroupValue",
    "Executor",
    "ExecutorThrowingOnIncremental",
    "ExperimentalIncrementalExecutionResults",
    "FieldDetails",
    "FieldDetailsList",
    "FragmentDetails",
    "FragmentVariableValues",
    "GraphQLResolveInfoHelpers",
    "GroupedFieldSet",
    "IncrementalExecutor",
    "IncrementalPublisher",
    "InitialIncrementalExecutionResult",
    "ItemStream",
    "Path",
    "RefMap",
    "StreamItemQueue",
    "StreamItemValue",
    "SubsequentIncrementalExecutionResult",
    "UndefinedType",
    "VariableValues",
    "Work",
    "WorkResult",
    "build_execution_plan",
    "collect_fields",
    "collect_subfields",
    "create_source_event_stream",
    "forget_work",
    "get_argument_values",
    "get_directive_values",
    "get_variable_values",
    "inspect",
    "is_iterable",
    "limit_merge_comparisons",
    "map_source_to_response_event",
]
