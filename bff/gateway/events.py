"""The events of one subscription, as answers. Called by the execution."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import Context as TaskContext

from graphql import ExecutionResult

from bff.contract import Answers
from bff.operation.answers import answer_result
from bff.operation.operation import Operation


async def stream_events(
    operation: Operation, results: AsyncGenerator[ExecutionResult, None], task_context: TaskContext
) -> Answers:
    """One Answer per event, until the upstream or the frontend ends the subscription. Closes the operation's scope."""
    scope, context = operation.scope, operation.context
    try:
        async with aclosing(results):
            while True:
                scope.renew(None)
                context.degraded.clear()
                result = await asyncio.create_task(_get_next(results), context=task_context)
                if result is None:
                    return
                yield answer_result(operation, result, context)
    finally:
        await scope.close()


async def _get_next(results: AsyncGenerator[ExecutionResult, None]) -> ExecutionResult | None:
    """The next result; None at the end, because StopAsyncIteration cannot leave a task."""
    return await anext(results, None)
