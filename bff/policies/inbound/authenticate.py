"""Let in only callers who prove who they are. On for a frontend with `match.api_key`."""

from __future__ import annotations

from collections.abc import Awaitable

from bff.contract import Problem, Response
from bff.frontends.api_keys import ApiKeys
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy, Respond


def authenticate(keys: ApiKeys) -> Policy:
    """Find the caller by an API key; refuse a request without a valid one."""

    def around(respond: Respond) -> Respond:
        def respond_to_caller(operation: Operation) -> Awaitable[Response]:
            caller = keys.find_caller(operation.request.headers)
            if caller is None:
                raise Problem.UNAUTHENTICATED.refusal(
                    f"This frontend needs a valid API key in the {keys.header} header."
                )
            operation.caller = caller
            return respond(operation)

        return respond_to_caller

    return around
