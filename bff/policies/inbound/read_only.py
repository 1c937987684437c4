"""Refuse a mutation where the transport may only read (GET; GraphQL over HTTP, section 6.2). Always on."""

from __future__ import annotations

from collections.abc import Awaitable

from bff.contract import Problem, Response
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Respond


def read_only(respond: Respond) -> Respond:
    """Let queries and subscriptions pass."""

    def respond_unless_mutation(operation: Operation) -> Awaitable[Response]:
        if operation.request.no_mutations and operation.plan.kind == "mutation":
            raise Problem.METHOD_NOT_ALLOWED.refusal("A mutation cannot be sent with GET; use POST.", allow="POST")
        return respond(operation)

    return respond_unless_mutation
