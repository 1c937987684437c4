"""Responses without ASGI messages look like others."""

from __future__ import annotations

import asyncio

from tests.bff.http.server.test_http_protocol import received
from tests.bff.http.world import World, connected
from tests.waiting import time_limit


async def test_a_response_to_head_has_no_body(world: World) -> None:
    """But its length, and the connection serves the next request."""
    with connected(world) as client:
        head = b"HEAD /live HTTP/1.1\r\nhost: x\r\n"
        await asyncio.to_thread(client.sendall, head + b"\r\n" + head + b"connection: close\r\n\r\n")
        async with time_limit():
            answer = await received(client)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"\r\n\r\nHTTP/1.1 200" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"connection: close") == 1
