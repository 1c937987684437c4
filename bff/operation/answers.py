"""From what an operation came to, to the answer that its frontend reads. Called by the execution and by `share`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult

from bff.authoring import Context
from bff.authoring.response import OwnResponse
from bff.authoring.strawberry_insides import core_schema
from bff.contract import Answer, Caching, Encoded, Problem, Request, ResponseHead
from bff.engine.errors import field_errors, request_error
from bff.engine.failure_log import FailureLog
from bff.engine.origins import Origins
from bff.engine.tracebacks import drop_tracebacks
from bff.observability.logger import get_logger
from bff.observability.metrics import count_refusal
from bff.operation.operation import Operation, Outcome, log_fields

log = get_logger("bff.gateway")

SHARED_SECONDS = 1.0
"""How long tracebacks are kept for the operations that share an outcome."""


def answer_outcome(operation: Operation, outcome: Outcome) -> Answer:
    """The answer to one operation; its errors are logged, and written, under its own request id. Never raises."""
    if isinstance(outcome.result, Exception):
        log.error("request_failed", exc_info=outcome.result, **operation.log_fields)
        _release([outcome.result], outcome)
        return answer_internal(operation.request)
    try:
        if outcome.encoded is not None and outcome.result.errors:
            _release(outcome.result.errors, outcome)
        return answer_result(
            operation, outcome.result, outcome.context, caching=operation.plan.caching, encoded=outcome.encoded
        )
    except Exception:
        log.exception("request_failed", **operation.log_fields)
        return answer_internal(operation.request)


def _release(errors: Sequence[Exception], outcome: Outcome) -> None:
    """Forget tracebacks that are logged; a moment later where other operations log them, too."""
    if outcome.encoded is None:
        drop_tracebacks(errors)
    else:
        asyncio.get_running_loop().call_later(SHARED_SECONDS, drop_tracebacks, errors)


def answer_result(
    operation: Operation,
    result: ExecutionResult | Any,
    context: Context,
    *,
    caching: Caching | None = None,
    encoded: Encoded | None = None,
) -> Answer:
    """The answer that an execution result makes, or one event. `context` is that of the execution."""
    options = operation.frontend.options
    max_size = options.limits.max_response_size
    head = None if context.own_response is None else make_head(operation, context.own_response)
    if not (head or result.errors or context.degraded or getattr(result, "extensions", None)):
        return Answer(data=result.data, errors=[], caching=caching, max_size=max_size, encoded=encoded)
    extensions: dict[str, Any] = dict(getattr(result, "extensions", None) or {})
    if context.degraded:
        extensions.update(context.degraded_extension())
    errors: Sequence[Mapping[str, Any]] = []
    if result.errors or context.degraded:
        failures = create_failure_log(operation, is_shared=encoded is not None)
        errors = field_errors(result.errors or (), failures=failures, explains=options.explains)
        failures.add_degraded(context.degraded)
        failures.write()
    # An error without a path stopped the request before any field ran (GraphQL specification, section 7.1.2).
    was_executed = not (result.data is None and errors and all("path" not in error for error in errors))
    return Answer(
        data=result.data,
        errors=errors,
        extensions=extensions,
        was_executed=was_executed,
        status=200 if was_executed else 400,
        caching=None if errors or context.degraded or head else caching,
        max_size=max_size,
        encoded=None if errors else encoded,
        head=head,
    )


def make_head(operation: Operation, response: OwnResponse) -> ResponseHead | None:
    """What resolvers chose of the response; None for an event of a subscription, whose response has begun."""
    if operation.plan.kind != "subscription":
        return response.make_head()
    if not response.was_ignored:
        response.was_ignored = True  # one line for all its events
        log_ignored(operation, response.make_head(), reason="subscription")
    return None


def log_ignored(operation: Operation, head: ResponseHead, *, reason: str) -> None:
    """Log that a head is not sent."""
    log.warning("response_head_ignored", reason=reason, **head.describe(), **operation.log_fields)


def create_failure_log(operation: Operation, *, is_shared: bool = False) -> FailureLog:
    """The log of one response of an operation. `is_shared`: other operations log the same exceptions."""
    plan, scope = operation.plan, getattr(operation, "scope", None)  # one that shares another's outcome has none
    schema = core_schema(operation.frontend.schema)
    origins = Origins(schema, plan.document, plan.operation, scope.list_endpoints if scope is not None else tuple)
    return FailureLog(operation.log_fields, origins, is_shared=is_shared)


def answer_timeout(operation: Operation, timeout: float) -> Answer:
    """The answer to an operation that took longer than the `timeout` seconds it may."""
    fields = operation.log_fields
    log.warning("request_timeout", seconds=timeout, **fields)
    message = f"The request took longer than the {timeout:g} seconds that it may."
    return Answer(errors=[request_error(message, Problem.TIMEOUT.name, fields)])


def answer_too_much_cpu(operation: Operation) -> Answer:
    """The answer to an operation that was cut because it used more CPU time than it may."""
    return Answer(errors=[refuse_cpu(operation)])


def refuse_cpu(operation: Operation) -> dict[str, Any]:
    """The error of such an operation; logged and counted."""
    fields, max_cpu = operation.log_fields, operation.frontend.options.limits.max_cpu
    log.warning("cpu_limit_reached", seconds=max_cpu, **fields)
    count_refusal(Problem.TOO_MUCH_CPU.name)
    message = f"The operation took more than the {max_cpu:g} seconds of CPU time that it may; select less."
    return request_error(message, Problem.TOO_MUCH_CPU.name, fields)


def answer_internal(request: Request) -> Answer:
    """The answer where something unexpected was logged: the frontend reads that, never what."""
    error = request_error("Something went wrong.", Problem.INTERNAL.name, log_fields(request))
    return Answer(errors=[error], was_executed=False, status=Problem.INTERNAL.status)
