"""Get the plan of the operation: cached, or compiled from a new document. Always on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from time import monotonic

from bff.contract import Answer, Problem, Refused, Response
from bff.engine.errors import document_errors
from bff.engine.prepare.plan import Invalid, Plans
from bff.engine.prepare.queue import PrepareQueue
from bff.observability.metrics import count_refusal
from bff.operation.answers import answer_timeout
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy, Respond


def prepare(plans: Plans, queue: PrepareQueue, *, timeout: float, explains: bool) -> Policy:
    """Answer a document at fault with its errors. The `timeout` seconds of an operation begin when it has arrived.

    Unknown documents wait in `queue`; the time that they wait is part of the operation's.

    `explains` is whether errors may tell what is in the schema.
    """

    def around(respond: Respond) -> Respond:
        def respond_prepared(operation: Operation) -> Awaitable[Response]:
            request = operation.request
            try:
                plan = plans.find(request.query, request.operation_name, request.variables or {})
            except Refused as refusal:
                count_refusal(refusal.code)
                raise
            if plan is None:
                return make_plan(operation)
            operation.plan = plan
            operation.prepared_at = now = monotonic()
            operation.deadline = (operation.arrived_at or now) + timeout
            return respond(operation)

        async def make_plan(operation: Operation) -> Response:
            request = operation.request
            deadline = operation.deadline = (operation.arrived_at or monotonic()) + timeout
            try:
                async with asyncio.timeout(deadline - monotonic()):
                    operation.plan = await plans.prepare_in_thread(
                        request.query,
                        request.operation_name,
                        request.variables or {},
                        queue=queue,
                        client=request.client,
                    )
            except TimeoutError:
                return answer_timeout(operation, timeout)
            except Invalid as invalid:
                errors = document_errors(invalid.errors, explains=explains)
                status = Problem.GRAPHQL_VALIDATION_FAILED.status
                return Answer(errors=errors, was_executed=False, status=status)
            except Refused as refusal:
                if refusal.code != Problem.TOO_MANY_DOCUMENTS.name:  # which the queue has counted
                    count_refusal(refusal.code)
                raise
            operation.prepared_at = monotonic()
            return await respond(operation)

        return respond_prepared

    return around
