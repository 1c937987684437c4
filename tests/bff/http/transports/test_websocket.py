"""The handshake of websockets: paths, origins, subprotocols."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from tests.bff.http.transports.test_graphql_transport_ws import acknowledged, speaking, subscribe
from tests.bff.http.world import World


async def test_another_subprotocol(world: World) -> None:
    """4406, as the protocol says."""
    async with speaking(world, protocol="chat") as client:
        assert (await client.closing())[0] == 4406


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example", "x"]
)
async def test_pages_of_other_origins_are_refused(world: World, origin: str) -> None:
    """In the handshake, so that no cookie of a visitor is ever used."""
    with pytest.raises(InvalidStatus) as refused:
        async with speaking(world, origin=origin):
            pass
    assert refused.value.response.status_code == 403
    assert b"ORIGIN_FORBIDDEN" in refused.value.response.body


async def test_pages_that_a_frontend_lists(world: World) -> None:
    """May ask that frontend, by whatever path, and no other."""
    page = {"origin": "https://shop.example"}
    async with acknowledged(world, path="/graphql/phone", **page) as client:
        await client.say(subscribe("1", "{ hello }"))
        assert (await client.hear())["type"] == "next"
    for payload, code in (({"x-client": "phone"}, None), ({}, "ORIGIN_FORBIDDEN")):
        async with acknowledged(world, payload, **page) as client:
            await client.say(subscribe("1", "{ hello }"))
            message = await client.hear()
            assert (message["type"] == "next") == (code is None)
            assert code is None or message["payload"][0]["extensions"]["code"] == code
    with pytest.raises(InvalidStatus):
        async with speaking(world, path="/graphql/web", **page):
            pass


async def test_our_own_pages_are_not(world: World) -> None:
    """GraphiQL."""
    async with acknowledged(world, origin=world.url) as client:
        await client.say({"type": "ping"})
        assert await client.hear() == {"type": "pong"}


@pytest.mark.parametrize(("path", "code"), [("/graphql/nope", b"UNKNOWN_FRONTEND"), ("/socket", b"NOT_FOUND")])
async def test_where_nobody_speaks(world: World, path: str, code: bytes) -> None:
    """404 in the handshake."""
    with pytest.raises(InvalidStatus) as refused:
        async with speaking(world, path=path):
            pass
    assert refused.value.response.status_code == 404
    assert code in refused.value.response.body
