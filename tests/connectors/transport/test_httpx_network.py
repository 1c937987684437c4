"""When the httpx engine uses a connection again, and what a connection that cannot be made means."""

from __future__ import annotations

import httpx
import pytest

from connectors.aio.clock import SYSTEM_CLOCK
from connectors.transport import HttpOptions
from connectors.transport.httpx_network import create_http_transport
from tests.connectors.conformance import free_port
from tests.connectors.http_world import HttpWorld, Say, response
from tests.waiting import GENEROUS


def opened() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=create_http_transport(HttpOptions(address="http://unused"), SYSTEM_CLOCK), timeout=GENEROUS
    )


@pytest.mark.parametrize(
    ("said", "connections"),
    [
        (response(b"ok").data, 1),
        (response(b"ok").data * 2, 3),
        (b"HTTP/1.1 204 No\r\n\r\n", 1),
        (b"HTTP/1.1 304 Not\r\nContent-Length: 0\r\n\r\n", 1),
        (b"HTTP/1.1 304 Not\r\nContent-Length: 5\r\n\r\n", 3),
    ],
)
async def test_a_connection_is_used_again_unless_more_may_come(said: bytes, connections: int) -> None:
    """After surplus bytes, and after a body that is announced where none may be, it is not."""
    async with HttpWorld(lambda _: Say(said)) as world, opened() as client:
        for _ in range(3):
            await client.get(world.url)
        assert world.connections == connections


async def test_a_body_that_is_not_read_to_its_end_closes_the_connection() -> None:
    """As httpcore does by itself."""
    async with HttpWorld(lambda _: response(b"x" * 1_000_000)) as world, opened() as client:
        for _ in range(2):
            async with client.stream("GET", world.url) as reply:
                assert reply.status_code == 200
        assert world.connections == 2


async def test_a_connection_that_cannot_be_made_is_told() -> None:
    """With httpx's own errors, in time."""
    async with opened() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{free_port()}")
        with pytest.raises(httpx.ConnectError):
            await client.get("http://no-such-host.invalid")
