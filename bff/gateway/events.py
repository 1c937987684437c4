"""The events of one subscription, as answers. Called by the execution."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import Context as TaskContext

from graphql import ExecutionResult

from bff.contract import Answers
from bff.operation.answers import answer_result, answer_too_much_cpu
from bff.operation.operation import Operation
from connectors.aio.cpu_meter import CpuExceeded, run_measured


async def stream_events(
    operation: Operation, results: AsyncGenerator[ExecutionResult, None], task_context: TaskContext
) -> Answers:
    """One Answer per event, until the upstream or the frontend ends the subscription. Closes the operation's scope.

    An event that takes too much CPU time is the last.
    """
    scope, context = operation.scope, operation.context
    try:
        async with aclosing(results):
            while True:
                scope.renew(None)
                context.degraded.clear()
                try:
                    result = await run_measured(_get_next(results), scope.meter, task_context)
                except CpuExceeded:
                    yield answer_too_much_cpu(operation)
                    return
                if result is None:
                    return
                yield answer_result(operation, result, context)
    finally:
        await scope.close()


async def _get_next(results: AsyncGenerator[ExecutionResult, None]) -> ExecutionResult | None:
    """The next result; None at the end, because StopAsyncIteration cannot leave a task."""
    return await anext(results, None)
