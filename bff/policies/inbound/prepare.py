"""Get the plan of the operation: cached, or made of a document that is new. Always on."""

from __future__ import annotations

from collections.abc import Awaitable
from time import monotonic

from bff.contract import Answer, Problem, Response
from bff.engine.errors import document_errors
from bff.engine.prepare.plan import Invalid, Plans
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy, Respond


def prepare(plans: Plans, *, timeout: float, explains: bool) -> Policy:
    """Answer a document at fault with its errors. The `timeout` seconds of an operation begin when its plan is there.

    `explains` is whether errors may tell what is in the schema.
    """

    def around(respond: Respond) -> Respond:
        def respond_prepared(operation: Operation) -> Awaitable[Response]:
            request = operation.request
            plan = plans.find(request.query, request.operation_name, request.variables or {})
            if plan is None:
                return make_plan(operation)
            operation.plan = plan
            operation.prepared_at = now = monotonic()
            operation.deadline = now + timeout
            return respond(operation)

        async def make_plan(operation: Operation) -> Response:
            request = operation.request
            try:
                operation.plan = await plans.prepare_in_thread(
                    request.query, request.operation_name, request.variables or {}
                )
            except Invalid as invalid:
                errors = document_errors(invalid.errors, explains=explains)
                status = Problem.GRAPHQL_VALIDATION_FAILED.status
                return Answer(errors=errors, was_executed=False, status=status)
            operation.prepared_at = now = monotonic()
            operation.deadline = now + timeout
            return await respond(operation)

        return respond_prepared

    return around
