"""The clients that frontends use for subscriptions, from npm and from Python, against a served gateway."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport

from tests.bff.http.world import World, open_world
from tests.npm import installed
from tests.services import need_program
from tests.waiting import time_limit, until

HERE = Path(__file__).parent
HELLO = [{"data": {"hello": "hello world"}}]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world() as made:
        yield made


def counted(to: int) -> list[Any]:
    return [{"data": {"count": number}} for number in range(to)]


async def run(script: str, *arguments: str) -> Any:
    """What a node script printed; it runs beside the packages it imports."""
    node, folder = need_program("node"), await asyncio.to_thread(installed, "subscriptions")
    copy = folder / "node_modules" / f".{script}"
    await asyncio.to_thread(shutil.copy, HERE / script, copy)
    process = await asyncio.create_subprocess_exec(
        node, copy, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with time_limit():
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def ws(world: World) -> str:
    return world.url.replace("http", "ws") + "/graphql"


async def test_graphql_ws(world: World) -> None:
    """It connects again when the connection breaks, and subscribes anew."""
    heard = await run("graphql_ws.mjs", ws(world))
    assert (heard["query"], heard["count"]) == (HELLO, counted(3))
    assert heard["once"] == [*counted(1), *counted(2)]
    assert heard["connections"] >= 2
    assert world.gateway.requests[0].headers["authorization"] == "Bearer t"
    await until(lambda: world.gateway.streams == 0)


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_graphql_sse(world: World, mode: str) -> None:
    """Both modes; what is stopped ends here too."""
    heard = await run("graphql_sse.mjs", f"{world.url}/graphql", mode)
    assert heard == {"query": HELLO, "both": [counted(3), counted(2)], "stopped": counted(1)}
    await until(lambda: world.gateway.streams == 0)


async def test_subscriptions_transport_ws(world: World) -> None:
    """The older protocol's own client."""
    heard = await run("legacy.mjs", ws(world))
    assert (heard["query"], heard["count"]) == (HELLO, counted(3))
    assert "nope" in heard["wrong"]["error"]


@pytest.mark.parametrize("protocol", ["graphql-ws", "graphql-transport-ws"])
async def test_gql_for_python(world: World, protocol: str) -> None:
    """It speaks both; offered alone, each is taken."""
    transport = WebsocketsTransport(url=ws(world), subprotocols=[protocol], init_payload={"authorization": "Bearer t"})
    async with Client(transport=transport) as session:
        assert await session.execute(gql("{ hello }")) == {"hello": "hello world"}
        heard = [each async for each in session.subscribe(gql("subscription { count(to: 3) }"))]
        assert heard == [{"count": number} for number in range(3)]
    assert world.gateway.requests[0].headers["authorization"] == "Bearer t"
