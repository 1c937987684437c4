"""Hosts in targets, over a real socket (RFC 9112, section 3.2)."""

from __future__ import annotations

import asyncio

import pytest

from tests.bff.http.server.test_http_protocol import received
from tests.bff.http.world import World, connected, open_world
from tests.waiting import time_limit

_BODY = b'{"query":"{ hello }"}'
_HOST = b"host: front.example"


def post(target: bytes = b"/graphql", *lines: bytes, method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    head = (b"%b %b HTTP/%b" % (method, target, version), *lines, b"content-type: application/json")
    return b"\r\n".join((*head, b"connection: close", b"content-length: %d" % len(_BODY), b"", _BODY))


async def answer(world: World, request: bytes) -> bytes:
    with connected(world) as client:
        await asyncio.to_thread(client.sendall, request)
        async with time_limit():
            return await received(client)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"http://shop.example/graphql", "shop.example"),
        (b"http://shop.example:81/graphql?a=b", "shop.example:81"),
        (b"HTTPS://[::1]:81/graphql", "[::1]:81"),
    ],
)
async def test_the_host_of_an_absolute_target_counts(world: World, target: bytes, host: str) -> None:
    """Whatever Host says, as long as it is a host."""
    assert (await answer(world, post(target, _HOST))).startswith(b"HTTP/1.1 200")
    assert world.gateway.requests[0].headers["host"] == host


async def test_the_host_of_an_absolute_target_must_be_allowed() -> None:
    """`server.hosts` holds for it, in both directions."""
    async with open_world(hosts=["shop.example"]) as world:
        good = await answer(world, post(b"http://shop.example/graphql", b"host: evil.example"))
        evil = await answer(world, post(b"http://evil.example/graphql", b"host: shop.example"))
    assert good.startswith(b"HTTP/1.1 200")
    assert b"HOST_NOT_ALLOWED" in evil
    assert len(world.gateway.requests) == 1


@pytest.mark.parametrize(
    "request_",
    [
        post(),
        post(b"/graphql", b"host: a", b"host: b"),
        post(b"/graphql", b"host: a", b"host: a"),
        post(b"/graphql", b"host: a", b"host:"),
        post(b"/graphql", b"host:"),
        post(b"/graphql", b"host: a b"),
        post(b"/graphql", b"host: [:::::]"),
        post(b"http://shop.example/graphql"),
        post(b"http://shop.example/graphql", b"host: a", b"host: b"),
        post(b"http://shop.example/graphql", b"host: a b"),
        post(b"http://user@shop.example/graphql", _HOST),
        post(b"ftp://shop.example/graphql", _HOST),
        post(b"http:///graphql", _HOST),
        post(b"http://a%20b/graphql", _HOST),
        post(b"shop.example:443", _HOST),
        post(b"shop.example:443", _HOST, method=b"CONNECT"),
        post(b"*", _HOST),
        post(b"graphql", _HOST),
    ],
)
async def test_what_names_no_host_is_refused(world: World, request_: bytes) -> None:
    """400, and nothing reaches the gateway, also when HTTP/1.0 without Host was good just before."""
    assert (await answer(world, post(version=b"1.0"))).startswith(b"HTTP/1.1 200")
    assert (await answer(world, request_)).startswith(b"HTTP/1.1 400")
    assert len(world.gateway.requests) == 1


async def test_an_absolute_target_without_path(world: World) -> None:
    """It is that of `/` (RFC 9110, section 4.2.3)."""
    assert (await answer(world, post(b"http://shop.example", _HOST))).startswith(b"HTTP/1.1 404")
