"""The gateway's own engine, where it does more than every engine: see test_engines for those."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.testing import ManualClock
from connectors.transport import HttpOptions, Transport
from connectors.transport.asyncio_engine import Engine
from tests.connectors.http_world import HttpWorld, Received, Say, response
from tests.waiting import GENEROUS

READ = Operation(upstream="shop", name="GET /")


@pytest.fixture
async def world() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


def opened(**options: Any) -> Transport:
    return Engine(HttpOptions(address="http://unused", **options))


def dropping_the_second(world: HttpWorld) -> Callable[[Received], Say]:
    """A server that closes a kept connection just when it is used again, as if it had been idle for too long."""
    return lambda _: Say(then="close") if len(world.requests) == 2 else response(b"ok")


async def test_an_idle_connection_makes_room_for_another_origin(world: HttpWorld) -> None:
    """And one that was lost takes no room."""
    transport = opened(max_connections=2)

    async def ask(host: str) -> int:
        url = f"http://{host}:{world.port}"
        assert (await transport.request(READ, "GET", url, headers={}, timeout=GENEROUS)).body == b"ok"
        return world.connections

    assert [await ask(host) for host in ("localhost", "127.0.0.1", "localhost")] == [1, 2, 2]
    world.answer = lambda _: response(b"ok", connection="close")
    assert [await ask("localhost") for _ in range(4)] == [2, 3, 4, 5]
    world.answer = lambda _: response(b"ok")
    assert [await ask(host) for host in ("127.0.0.1", "Localhost", "127.0.0.1", "Localhost")] == [5, 6, 6, 6]
    assert [await ask(host) for host in ("localhost", "127.0.0.1")] == [7, 8]  # the one that idled longest was closed
    await transport.close()


async def test_a_read_lost_on_a_kept_connection_is_sent_again(world: HttpWorld) -> None:
    """RFC 9112 section 9.3.1; httpx does not know what is idempotent."""
    world.answer = dropping_the_second(world)
    transport = opened()
    for _ in range(2):
        assert (await transport.request(READ, "GET", world.url, headers={}, timeout=GENEROUS)).body == b"ok"
    assert len(world.requests) == 3
    await transport.close()


async def test_a_second_reply_is_nobodys_answer(world: HttpWorld) -> None:
    """An upstream that says more than it was asked cannot answer the next caller with it; httpx does not see this."""
    double = response(b"first").data + response(b"for another").data
    world.answer = lambda _: Say(double) if len(world.requests) == 1 else response(b"second")
    transport = opened()
    bodies = [(await transport.request(READ, "GET", world.url, headers={}, timeout=GENEROUS)).body for _ in range(2)]
    assert bodies == [b"first", b"second"]
    await transport.close()


async def test_a_connection_that_idled_too_long_is_not_used_again(world: HttpWorld) -> None:
    """The upstream may be about to close it."""
    clock = ManualClock()
    transport = Engine(HttpOptions(address="http://unused"), clock)
    for seconds in (0.0, 59.0, 61.0):
        clock.seconds += seconds
        assert (await transport.request(READ, "GET", world.url, headers={})).body == b"ok"
    assert world.connections == 2
    await transport.close()


async def test_a_connection_that_was_just_used_is_used_last(world: HttpWorld) -> None:
    """Bytes that belong to its last reply may still come; one that has idled for a moment is used first."""
    transport = Engine(HttpOptions(address="http://unused"), ManualClock(10.0))

    async def ask() -> None:
        await transport.request(READ, "GET", world.url, headers={}, timeout=None)

    await asyncio.gather(ask(), ask())
    assert world.connections == 2
    first, second = transport._idle
    first.idle_since = 9.0
    assert transport._take_idle(first.origin) is first
    assert transport._take_idle(first.origin) is second
    assert transport._take_idle(first.origin) is None
    await transport.close()
