"""Run the operations of one frontend: whole, in parts, or as a subscription. Innermost of the inbound chain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextvars import copy_context
from typing import Any

from graphql import ExecutionResult, GraphQLError

from bff.authoring import Context
from bff.contract import Answer, Answers, Encoded, Increments, Parts, Response
from bff.engine.errors import field_errors
from bff.engine.failure_log import FailureLog
from bff.engine.incremental.by_id import ByIds, Delivery
from bff.engine.incremental.by_path import ByPaths
from bff.frontends.frontend import Frontend
from bff.gateway.delivery import DeliveryInParts
from bff.gateway.engines import choose_engine
from bff.gateway.events import stream_events
from bff.loading.scope import RequestScope
from bff.loading.upstream import Reachable
from bff.loading.window import Windows
from bff.observability.metrics import OperationCounts
from bff.operation.answers import (
    answer_outcome,
    answer_result,
    answer_timeout,
    answer_too_much_cpu,
    create_failure_log,
)
from bff.operation.operation import GRACE, Operation, Outcome
from connectors.aio.cpu_meter import CpuExceeded, CpuMeter, measure, run_measured
from connectors.aio.timeout import Timeout
from connectors.endpoint import current_scope


class Execution:
    """Runs the operations of one frontend. Each has a context, and a scope that is closed in the end."""

    def __init__(
        self,
        frontend: Frontend,
        upstreams: Mapping[str, Reachable],
        windows: Windows,
        counts: OperationCounts,
        *,
        timeout: float,
    ) -> None:
        """`timeout` is how many seconds one operation, or one event, may take."""
        self._engine = choose_engine(frontend)
        self._fallback = frontend.not_compiled
        self._max_calls = frontend.options.limits.max_calls
        self._max_cpu = frontend.options.limits.max_cpu
        self._upstreams = upstreams
        self._windows = windows
        self._counts = counts
        self._timeout = timeout

    def respond(self, operation: Operation) -> Awaitable[Response]:
        """Run a prepared operation in the way that its request and plan want."""
        plan = operation.plan
        if plan.kind == "subscription":
            return self.subscribe(operation)
        if plan.is_incremental and operation.takes_parts:
            return self.run_in_parts(operation)
        return self.run(operation)

    async def run(self, operation: Operation) -> Answer:
        """Run a query or mutation, and give its outcome also to the operations that share it."""
        plan, shared = operation.plan, operation.shared
        scope = operation.scope = self._open_scope(operation, operation.deadline)
        context = operation.context = _create_context(operation)
        self._counts.count_execution(plan.kind, self._fallback)
        token = current_scope.set(scope)
        try:
            timeout: Timeout | None = None
            meter: CpuMeter | None = None
            try:
                result = self._engine.begin(operation)
                if isinstance(result, ExecutionResult):
                    plan.history.was_immediate = True
                else:
                    plan.history.was_immediate = False
                    timeout = Timeout(operation.left())
                    if self._max_cpu is not None:
                        scope.meter = meter = CpuMeter(self._max_cpu, timeout)
                        result = measure(meter, result)
                    result = await result
            except asyncio.CancelledError:
                if timeout is not None and timeout.is_ours():
                    if meter is not None and meter.is_exceeded:
                        return answer_too_much_cpu(operation)
                    return answer_timeout(operation, self._timeout)
                raise
            except Exception as error:  # noqa: BLE001 - answered, and logged, by each operation that shares it
                result = error
            finally:
                if timeout is not None:
                    timeout.cancel()
            outcome = Outcome(result, context, Encoded() if shared is not None and shared.has_followers else None)
            if scope.has_effects or context.own_response is not None:
                plan.history.has_effects = True
            elif shared is not None and time.monotonic() < operation.deadline:
                shared.finish(outcome)  # later, the deadline has shaped it, and those of the others are later still
            return answer_outcome(operation, outcome)
        finally:
            current_scope.reset(token)
            await scope.close()

    async def run_in_parts(self, operation: Operation) -> Answer | Parts:
        """Run a query or mutation with @defer or @stream: a first part, and the others as they become ready."""
        scope = operation.scope = self._open_scope(operation, operation.deadline)
        scope.meter = self._create_meter()
        operation.context = _create_context(operation, in_parts=True)
        self._counts.count_execution(operation.plan.kind, self._fallback)
        results = await self._engine.run_in_parts(operation)
        failures = create_failure_log(operation)
        delivery = DeliveryInParts(
            operation, results, _choose_form(operation, failures), failures, timeout=self._timeout + GRACE
        )
        return await delivery.start()

    async def subscribe(self, operation: Operation) -> Answer | Answers:
        """Start a subscription: its events, or the one answer that says why there are none."""
        request = operation.request
        if request.instead_of_events is not None:
            return request.instead_of_events
        scope = operation.scope = self._open_scope(operation, None)
        scope.meter = self._create_meter()
        context = operation.context = _create_context(operation)
        self._counts.count_execution(operation.plan.kind, self._fallback)
        # A generator runs in the context of the task that iterates it, so each step gets a task with this context.
        task_context = copy_context()
        task_context.run(current_scope.set, scope)
        try:
            results = await run_measured(self._engine.subscribe(operation), scope.meter, task_context)
        except CpuExceeded:
            await scope.close()
            return answer_too_much_cpu(operation)
        except BaseException:
            await scope.close()
            raise
        if isinstance(results, AsyncGenerator):
            return stream_events(operation, results, task_context)
        await scope.close()
        return answer_result(operation, results, context)

    def _create_meter(self) -> CpuMeter | None:
        return None if self._max_cpu is None else CpuMeter(self._max_cpu)

    def _open_scope(self, operation: Operation, deadline: float | None) -> RequestScope:
        return RequestScope(
            upstreams=self._upstreams,
            incoming=operation.request.headers,
            deadline=deadline,
            max_calls=self._max_calls,
            event_seconds=self._timeout,
            windows=self._windows,
        )


def _create_context(operation: Operation, *, in_parts: bool = False) -> Context:
    request, plan = operation.request, operation.plan
    document = plan.document if in_parts else plan.whole
    return Context(
        frontend=request.frontend,
        headers=request.headers,
        client=request.client,
        asgi_scope=request.asgi_scope,
        caller=operation.caller,
        document=document,
    )


def _choose_form(operation: Operation, failures: FailureLog) -> Delivery:
    """How parts are written, as the client reads them."""
    explains = operation.frontend.options.explains

    def format_errors(errors: Sequence[GraphQLError]) -> Sequence[Mapping[str, Any]]:
        return field_errors(errors, failures=failures, explains=explains)

    if operation.request.increments is Increments.IDS:
        return ByIds(format_errors)
    return ByPaths(operation.plan.document, operation.plan.operation, format_errors)
