"""Deliver an answer with @defer or @stream: its first part, then the others as they become ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from contextvars import copy_context
from typing import Any

from graphql.execution import InitialIncrementalExecutionResult

from bff.contract import Answer, Answers, Part, Parts, Problem
from bff.engine.errors import request_error
from bff.engine.failure_log import FailureLog
from bff.engine.incremental.by_id import Delivery
from bff.observability.logger import get_logger
from bff.operation.answers import answer_internal, answer_result, log_ignored, refuse_cpu
from bff.operation.operation import Operation
from connectors.aio.cpu_meter import CpuExceeded, run_measured
from connectors.endpoint import current_scope

log = get_logger("bff.engine")


class DeliveryInParts:
    """One operation that is answered in parts. Its scope lives until the last part is taken, or no more are wanted."""

    def __init__(
        self,
        operation: Operation,
        results: AsyncGenerator[Any, None],
        form: Delivery,
        failures: FailureLog,
        *,
        timeout: float,
    ) -> None:
        """`results` are graphql-core's, `form` is how parts are written; all parts are out after `timeout` seconds.

        `failures` has what `form` met; it is logged in the end, because one call can cost fields of many parts.
        """
        self._failures = failures
        self._operation = operation
        self._results = results
        self._form = form
        self._timeout = timeout
        self._sent_degraded = self._logged_degraded = 0
        # A generator runs in the context of the task that iterates it, so each step gets a task with this context.
        self._task_context = copy_context()
        self._task_context.run(current_scope.set, operation.scope)

    async def start(self) -> Answer | Parts:
        """The first part; or all of the answer, when nothing of it is left to wait for."""
        parts = self._send_parts()
        first = await anext(parts)
        if isinstance(first, Part):
            return Parts(first, parts)
        await parts.aclose()
        return first

    async def _send_parts(self) -> Answers:
        end = asyncio.get_running_loop().time() + self._timeout
        has_begun = False
        log_fields = self._operation.log_fields
        meter = self._operation.scope.meter
        try:
            async with aclosing(self._results):
                while True:
                    async with asyncio.timeout_at(end):
                        result = await run_measured(_get_next(self._results), meter, self._task_context)
                    if result is None:
                        return
                    yield self._create_part(result) if has_begun else self._create_first_part(result)
                    has_begun = True
        except CpuExceeded:
            error = refuse_cpu(self._operation)
            yield self._break_off(error) if has_begun else Answer(errors=[error])
        except TimeoutError:
            log.warning("request_timeout", seconds=self._timeout, **log_fields)
            error = request_error("The request took too long.", Problem.TIMEOUT.name, log_fields)
            yield self._break_off(error) if has_begun else Answer(errors=[error])
        except Exception:
            log.exception("request_failed", **log_fields)
            answer = answer_internal(self._operation.request)
            yield self._break_off(answer.errors[0]) if has_begun else answer
        finally:
            self._failures.write()
            own = self._operation.context.own_response
            if has_begun and own is not None and own.changes:
                log_ignored(self._operation, own.make_head(), reason="deferred")
            unfinished = self._operation.context.unfinished
            while unfinished:  # it holds executors, which hold the context: nothing is left for the garbage collector
                await unfinished.pop()()
            await self._operation.scope.close()

    def _create_first_part(self, result: Any) -> Answer:
        context = self._operation.context
        first = answer_result(self._operation, result, context)
        if not isinstance(result, InitialIncrementalExecutionResult):
            return first
        if context.own_response is not None:
            context.own_response.changes = 0  # what comes later is too late
        self._sent_degraded = self._logged_degraded = len(context.degraded)
        fields = self._form.begin(result)
        return Part(
            data=first.data,
            errors=first.errors,
            extensions=first.extensions,
            head=first.head,
            delivery=fields,
            is_first=True,
        )

    def _create_part(self, result: Any) -> Part:
        return Part(delivery=self._add_degraded(self._form.go_on(result)))

    def _add_degraded(self, fields: dict[str, Any]) -> dict[str, Any]:
        """All that is degraded so far, beside the data: clients keep the extensions that they read last."""
        context = self._operation.context
        if new := context.degraded[self._logged_degraded :]:
            self._logged_degraded += len(new)
            self._failures.add_degraded(new)
        if len(context.degraded) > self._sent_degraded and fields.get("incremental"):
            self._sent_degraded = len(context.degraded)
            fields["incremental"][0]["extensions"] = context.degraded_extension()
        return fields

    def _break_off(self, error: Mapping[str, Any]) -> Part:
        return Part(delivery=self._form.break_off(error))


async def _get_next(results: AsyncGenerator[Any, None]) -> Any:
    """The next result; None at the end, because StopAsyncIteration cannot leave a task."""
    return await anext(results, None)
