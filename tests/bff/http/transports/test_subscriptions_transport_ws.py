"""The older `graphql-ws` subprotocol: its messages, its manners, and the limits it shares with its successor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bff.http.transports.test_graphql_transport_ws import COUNT, FOREVER, Client, speaking
from tests.bff.http.world import World
from tests.waiting import until

INIT = {"type": "connection_init", "payload": {"authorization": "Bearer t"}}


def start(id: str, query: str) -> dict[str, Any]:
    return {"type": "start", "id": id, "payload": {"query": query}}


async def hear(client: Client) -> Any:
    while (message := await client.hear())["type"] == "ka":
        pass
    return message


async def test_a_subscription(world: World) -> None:
    """connection_ack, ka, data, complete; the payload reaches the gateway."""
    async with speaking(world, protocol="graphql-ws") as client:
        await client.say(INIT)
        assert await client.hear() == {"type": "connection_ack"}
        assert await client.hear() == {"type": "ka"}
        await client.say(start("1", COUNT))
        assert await hear(client) == {"id": "1", "type": "data", "payload": {"data": {"count": 0}}}
        assert await hear(client) == {"id": "1", "type": "data", "payload": {"data": {"count": 1}}}
        assert await hear(client) == {"id": "1", "type": "complete"}
    assert world.gateway.requests[0].headers["authorization"] == "Bearer t"


async def test_stopping_and_starting_again(world: World) -> None:
    """`stop` ends it; the same id again replaces it; terminate closes with 1000."""
    async with speaking(world, protocol="graphql-ws") as client:
        await client.say(INIT, start("1", FOREVER))
        assert (await hear(client))["type"] == "connection_ack"
        assert (await hear(client))["type"] == "data"
        await client.say(start("1", FOREVER))
        assert (await hear(client))["type"] == "data"
        assert world.gateway.streams == 1
        await client.say({"type": "stop", "id": "1"})
        await until(lambda: world.gateway.streams == 0)
        await client.say(start("2", FOREVER), {"type": "connection_terminate"})
        assert (await client.closing())[0] == 1000
    await until(lambda: world.gateway.streams == 0)


async def test_a_request_error(world: World) -> None:
    """One message with all errors."""
    async with speaking(world, protocol="graphql-ws") as client:
        await client.say(INIT, start("1", "{ nope }"))
        await hear(client)
        message = await hear(client)
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("messages", "code"),
    [([start("1", COUNT)], 4401), ([INIT, INIT], 4429), ([{"type": "subscribe"}], 4400), ([b"x"], 4400)],
)
async def test_breaking_the_protocol(world: World, messages: list[Any], code: int) -> None:
    """The same codes as the newer one."""
    async with speaking(world, protocol="graphql-ws") as client:
        await client.say(*messages)
        assert (await client.closing())[0] == code


async def test_a_payload_without_a_request_is_an_error_of_its_operation(world: World) -> None:
    """The reference server reports it under the id; the connection stays open."""
    async with speaking(world, protocol="graphql-ws") as client:
        await client.say(INIT)
        await hear(client)
        for payload in (None, [], {}, {"query": 7}, {"query": "{ hello }", "variables": []}):
            await client.say({"type": "start", "id": "1", "payload": payload})
            message = await hear(client)
            assert (message["type"], message["id"]) == ("error", "1")
            assert message["payload"]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        await client.say({"type": "start", "id": "", "payload": {"query": COUNT}})
        assert (await client.closing())[0] == 4400
