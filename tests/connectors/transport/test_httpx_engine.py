"""The engine on httpx, where it differs from the other one: see test_engines for what all of them promise."""

from __future__ import annotations

import asyncio

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamTimeout
from connectors.testing import ManualClock
from connectors.transport import HttpOptions
from connectors.transport.httpx_engine import Engine
from tests.connectors.conformance import eventually
from tests.connectors.http_world import HANG, HttpWorld

READ = Operation(upstream="shop", name="GET /")


async def test_the_timeout_is_of_the_clock() -> None:
    """A minute passes as soon as the test says so."""
    clock = ManualClock()
    engine = Engine(HttpOptions(address="http://unused"), clock)
    async with HttpWorld() as world:
        world.answer = lambda _: HANG
        asking = asyncio.create_task(engine.request(READ, "GET", world.url, headers={}, timeout=60))

        async def has_come() -> bool:
            return len(world.requests) == 1

        assert await eventually(has_come)
        await clock.advance(60)
        with pytest.raises(UpstreamTimeout, match="no whole reply within 60 s"):
            await asking
        await engine.close()


async def test_the_client_is_made_by_the_first_request() -> None:
    """And belongs to the loop that runs then."""
    engine = Engine(HttpOptions(address="http://unused"))
    assert engine._client is None
    async with HttpWorld() as world:
        assert (await engine.request(READ, "GET", world.url, headers={})).body == b"ok"
        assert engine._client is not None
        await engine.close()
    assert engine._client is None
