"""Find the caller by the identity providers of the frontend. On for a frontend with `identity` or `match.api_key`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import aclosing

from bff.contract import Answers, Parts, Problem, Response
from bff.contract.answer import Answer
from bff.identity.chain import IdentityChain
from bff.operation.operation import Operation
from bff.policies.inbound.policy import Policy, Respond


def authenticate(chain: IdentityChain) -> Policy:
    """Find the caller; refuse a request whose credential is missing or not valid.

    A subscription ends, with Refused, when the credential of its caller does.
    """

    def around(respond: Respond) -> Respond:
        def respond_to_caller(operation: Operation) -> Awaitable[Response]:
            caller = chain.find(operation.request)
            if caller is None:
                return identify_and_respond(operation)
            operation.caller = caller
            return respond(operation) if caller.expires_at is None else respond_until(operation, caller.expires_at)

        async def identify_and_respond(operation: Operation) -> Response:
            caller = operation.caller = await chain.identify(operation.request)
            if caller.expires_at is None:
                return await respond(operation)
            return await respond_until(operation, caller.expires_at)

        async def respond_until(operation: Operation, expires_at: float) -> Response:
            response = await respond(operation)
            if isinstance(response, Answer | Parts):  # these end by the deadline of a request
                return response
            return _end_events(response, expires_at)

        return respond_to_caller

    return around


async def _end_events(answers: Answers, expires_at: float) -> Answers:
    """The events until `expires_at`, in seconds since 1970. Raises Refused then."""
    ends_at = asyncio.get_running_loop().time() + expires_at - time.time()
    async with aclosing(answers):
        while True:
            try:
                async with asyncio.timeout_at(ends_at):
                    answer = await anext(answers, None)
            except TimeoutError:
                message = "The credential of this subscription has expired; subscribe again with a new one."
                raise Problem.CREDENTIAL_EXPIRED.refusal(message) from None
            if answer is None:
                return
            yield answer
