"""The handshake of websockets: paths, origins, subprotocols."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options as FrontendOptions
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options
from bff.http.transports.graphql_transport_ws import SUBPROTOCOL
from tests.bff.fakes import AllReady
from tests.bff.http.transports.test_graphql_transport_ws import INIT, Client, acknowledged, speaking, subscribe
from tests.bff.http.world import World
from tests.serving import serving
from tests.waiting import GENEROUS


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


@strawberry.type
class Hello:
    """A root with a field that can be deferred."""

    @strawberry.field
    def hello(self) -> str:
        return "world"


@pytest.mark.parametrize(
    ("accept", "parts"),
    [
        (
            None,
            [
                {"data": {}, "hasNext": True},
                {"incremental": [{"data": {"hello": "world"}, "path": []}], "hasNext": False},
            ],
        ),
        (
            "multipart/mixed; incrementalSpec=v0.2",
            [
                {"data": {}, "pending": [{"id": "0", "path": []}], "hasNext": True},
                {
                    "incremental": [{"data": {"hello": "world"}, "id": "0"}],
                    "completed": [{"id": "0"}],
                    "hasNext": False,
                },
            ],
        ),
    ],
    ids=["by path", "by id"],
)
async def test_deferred_parts(accept: str | None, parts: list[Any]) -> None:
    """One `next` for each part, in the form that the client accepts, of a real gateway."""
    frontend = make_frontend("web", FrontendOptions.model_validate({"schema": "tests"}), strawberry.Schema(Hello))
    gateway = Gateway({"web": frontend}, {}, request_timeout=GENEROUS, readiness=AllReady())
    payload = {} if accept is None else {"accept": accept}
    async with (
        serving(http_app(lambda: gateway, Options())) as url,
        connect(url.replace("http", "ws") + "/graphql/web", subprotocols=[SUBPROTOCOL], proxy=None) as socket,
    ):
        client = Client(socket)
        await client.say({**INIT, "payload": payload}, subscribe("1", "{ ... @defer { hello } }"))
        assert (await client.hear())["type"] == "connection_ack"
        messages = [await client.hear() for _ in range(len(parts) + 1)]
    assert [each["payload"] for each in messages[:-1]] == parts
    assert messages[-1] == {"id": "1", "type": "complete"}
