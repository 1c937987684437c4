"""The policy that finds the caller."""

from __future__ import annotations

import pytest

from bff.contract import ANONYMOUS, Refused
from bff.policies.inbound.authenticate import authenticate
from tests.bff.policies.inbound.world import ANSWER, Rest, app, operation

APP = app(match={"api_key": {"header": "X-Partner", "keys": ["one", "two"]}})


async def test_a_key_makes_a_caller() -> None:
    """What is let through says whose it is."""
    rest = Rest()
    assert APP.api_keys is not None
    asked = operation(APP, headers={"x-partner": "two"})
    assert asked.caller is ANONYMOUS
    assert await authenticate(APP.api_keys)(rest)(asked) is ANSWER
    assert [(each.caller.kind, each.caller.id) for each in rest.operations] == [("api_key", "key-2")]


@pytest.mark.parametrize("headers", [{}, {"x-partner": ""}, {"x-partner": "three"}, {"x-api-key": "one"}])
async def test_who_has_no_key_is_refused(headers: dict[str, str]) -> None:
    """With the name of the header, and 401; the rest of the chain is not reached."""
    rest = Rest()
    assert APP.api_keys is not None
    with pytest.raises(Refused, match="in the x-partner header") as refused:
        await authenticate(APP.api_keys)(rest)(operation(APP, headers=headers))
    assert (refused.value.code, refused.value.status) == ("UNAUTHENTICATED", 401)
    assert rest.operations == []
