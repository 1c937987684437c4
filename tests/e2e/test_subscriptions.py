"""Subscriptions through every streaming upstream, over websockets and server-sent events."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from tests.e2e.world import World
from tests.waiting import time_limit, until


async def subscribe(world: World, query: str, count: int, frontend: str = "mobile") -> list[dict]:
    """The first events of a subscription over graphql-transport-ws."""
    address = world.url.replace("http", "ws") + f"/graphql/{frontend}"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"type": "subscribe", "id": "s", "payload": {"query": query}}))
        events = []
        async with time_limit():
            while len(events) < count:
                message = json.loads(await socket.recv())
                assert message["type"] == "next", message
                events.append(message["payload"]["data"])
        await socket.send(json.dumps({"type": "complete", "id": "s"}))
        return events


async def test_live_prices_come_from_the_websocket(world: World) -> None:
    """And leaving unsubscribes upstream."""
    events = await subscribe(world, 'subscription { livePrice(sku: "TOY-001") { amount } }', 3)
    amounts = [event["livePrice"]["amount"] for event in events]
    assert amounts == sorted(amounts)
    ticker = world.shop.controls["ticker"]
    await until(lambda: ticker.count["unsub"])
    assert (ticker.count["sub"], ticker.count["unsub"]) == (1, 1)


async def test_many_viewers_share_one_upstream_subscription(world: World) -> None:
    """Twenty phones on one product are one `sub` message."""
    query = 'subscription { livePrice(sku: "TOY-002") { amount } }'
    viewers = await asyncio.gather(*(subscribe(world, query, 2) for _ in range(20)))
    assert all(len(events) == 2 for events in viewers)
    assert world.shop.controls["ticker"].count["sub"] == 1


async def test_price_changes_come_from_a_grpc_stream(world: World) -> None:
    """Server streaming becomes a subscription."""
    events = await subscribe(world, 'subscription { priceChanges(sku: "BOO-001") { amount } }', 3, "web")
    assert len({event["priceChanges"]["amount"] for event in events}) == 3


async def test_an_order_is_followed_from_the_queue(world: World) -> None:
    """Place an order over HTTP, see its steps over the websocket, and nobody else's."""
    address = world.url.replace("http", "ws") + "/graphql/mobile"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        mutation = 'mutation { placeOrder(lines: [{sku: "TOY-001"}]) { id } }'
        await world.ask(mutation, "mobile")
        await socket.send(json.dumps({"type": "subscribe", "id": "m", "payload": {"query": mutation}}))
        order = json.loads(await socket.recv())["payload"]["data"]["placeOrder"]["id"]
        assert json.loads(await socket.recv()) == {"id": "m", "type": "complete"}
        query = f'subscription {{ orderUpdates(id: "{order}") {{ id status }} }}'
        await socket.send(json.dumps({"type": "subscribe", "id": "s", "payload": {"query": query}}))
        async with time_limit():
            update = json.loads(await socket.recv())["payload"]["data"]["orderUpdates"]
    assert update["id"] == order
    assert update["status"] in {"PLACED", "PAID", "PACKED", "SHIPPED"}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}], 4401),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
        (["no json"], 4400),
        ([{"type": "nonsense"}], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "id": "", "payload": {}}], 4400),
    ],
)
async def test_breaking_the_protocol_closes_with_its_code(world: World, messages: list, code: int) -> None:
    """The close codes of graphql-transport-ws."""
    address = world.url.replace("http", "ws") + "/graphql/web"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:
        for message in messages:
            await socket.send(message if isinstance(message, str) else json.dumps(message))
        async with time_limit():
            await socket.wait_closed()
        assert socket.close_code == code


async def test_an_error_over_the_websocket_is_coded(world: World) -> None:
    """A query that does not fit ends with an error message, not with the connection."""
    address = world.url.replace("http", "ws") + "/graphql/web"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:
        await socket.send(json.dumps({"type": "connection_init"}))
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ nope }"}}))
        message = json.loads(await socket.recv())
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await socket.send(json.dumps({"type": "ping"}))
        assert json.loads(await socket.recv()) == {"type": "pong"}


async def test_other_origins_may_not_connect(world: World) -> None:
    """A page of another site cannot use a visitor's browser."""
    address = world.url.replace("http", "ws") + "/graphql/web"
    with pytest.raises(Exception, match="403"):
        async with connect(address, subprotocols=["graphql-transport-ws"], origin="http://evil.example", proxy=None):
            pass
