"""The policy that finds the caller, and ends subscriptions with its credential."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest

from bff.contract import ANONYMOUS, Answer, Caller, Refused, Response
from bff.identity.chain import IdentityChain
from bff.operation.operation import Operation
from bff.policies.inbound.authenticate import authenticate
from tests.bff.identity.test_chain import ADA, CHAIN, Fake
from tests.bff.policies.inbound.world import ANSWER, Rest, app, operation
from tests.waiting import time_limit

APP = app(match={"api_key": {"header": "X-Partner", "keys": ["one", "two"]}})


async def test_a_key_makes_a_caller() -> None:
    """What is let through says whose it is."""
    rest = Rest()
    assert APP.identity is not None
    asked = operation(APP, headers={"x-partner": "two"})
    assert asked.caller is ANONYMOUS
    assert await authenticate(APP.identity)(rest)(asked) is ANSWER
    assert [(each.caller.kind, each.caller.id) for each in rest.operations] == [("api_key", "key-2")]


async def test_a_caller_that_takes_a_while_to_be_found() -> None:
    """Is as good."""
    rest = Rest()
    assert await authenticate(CHAIN)(rest)(operation(APP, headers={"token": "slow"})) is ANSWER
    assert [each.caller for each in rest.operations] == [ADA]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "UNAUTHENTICATED"),
        ({"x-partner": ""}, "UNAUTHENTICATED"),
        ({"x-partner": "three"}, "INVALID_CREDENTIAL"),
        ({"x-api-key": "one"}, "UNAUTHENTICATED"),
    ],
)
async def test_a_request_without_a_valid_key_is_refused(headers: dict[str, str], code: str) -> None:
    """With the name of the header, and 401; the rest of the chain is not reached."""
    rest = Rest()
    assert APP.identity is not None
    with pytest.raises(Refused, match="in the x-partner header") as refused:
        await authenticate(APP.identity)(rest)(operation(APP, headers=headers))
    assert (refused.value.code, refused.value.status) == (code, 401)
    assert refused.value.headers["www-authenticate"] == 'ApiKey header="x-partner"'
    assert rest.operations == []


async def test_a_subscription_ends_with_the_credential() -> None:
    """After the events before it, with a code that tells the client to get a new one; and its source is closed."""
    closed = asyncio.Event()

    async def events() -> AsyncGenerator[Answer, None]:
        try:
            yield ANSWER
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def respond(operation: Operation) -> Response:
        return events()

    soon = Fake("token", {"a": Caller(kind="jwt", id="ada", expires_at=time.time() + 0.05)})
    response = await authenticate(IdentityChain([soon]))(respond)(operation(APP, headers={"token": "a"}))
    assert isinstance(response, AsyncGenerator)
    async with time_limit():
        assert await anext(response) is ANSWER
        with pytest.raises(Refused) as refused:
            await anext(response)
    assert refused.value.code == "CREDENTIAL_EXPIRED"
    assert closed.is_set()


async def test_a_query_of_a_caller_that_will_expire() -> None:
    """Is answered as any other."""
    later = Fake("token", {"a": Caller(kind="jwt", id="ada", expires_at=time.time() + 300)})
    assert await authenticate(IdentityChain([later]))(Rest())(operation(APP, headers={"token": "a"})) is ANSWER
