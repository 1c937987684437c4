"""The connector over any broker: how it starts, and what is closed with it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from connectors.contract import Call, Publishes, Streams
from connectors.direct import Direct
from connectors.errors import UpstreamRejected, UpstreamTimeout, UpstreamUnreachable
from connectors.queue.brokers import Broker
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.endpoints import queue
from connectors.queue.options import Options
from tests.connectors.conformance import in_time
from tests.connectors.queue.conftest import Connect

orders = queue("orders")


def test_it_streams_and_publishes() -> None:
    """As the contract's protocols say."""
    connector = connect("orders", Options(address="memory://test-connector"))
    assert isinstance(connector, QueueConnector)
    assert isinstance(connector, Streams)
    assert isinstance(connector, Publishes)


async def test_after_close_nothing_is_sent(connected: Connect, topic: str) -> None:
    """Every call fails as unreachable."""
    connector = connected()
    await connector.start()
    await connector.close()
    await connector.close()
    published = Call(operation=orders.publish(topic).operation, arguments={"message": 1})
    with pytest.raises(UpstreamUnreachable, match="the connector is closed"):
        await connector.publish(published)
    with pytest.raises(UpstreamUnreachable, match="the connector is closed"):
        await connector.send(Call(operation=orders.request(topic).operation))
    with pytest.raises(UpstreamUnreachable, match="closed"):
        await connector.start()


async def test_an_answer_that_does_not_come_meets_the_deadline(connected: Connect, broker: Broker, topic: str) -> None:
    """The request was taken, and nobody answers it."""
    subscription = await broker.subscribe(topic)
    with pytest.raises(UpstreamTimeout, match="no answer in time"):
        await connected().send(in_time(Call(operation=orders.request(topic).operation), 0.2))
    await subscription.aclose()


async def test_a_null_in_where_matches_nobodys_messages(connected: Connect, topic: str) -> None:
    """It matched all that lack the field, for whomever they are."""
    mine = orders.subscribe(topic, where={"id": "{id}"})
    with pytest.raises(UpstreamRejected, match='the argument "id" is null'):
        await anext(connected().stream(Call(operation=mine.operation, arguments={"id": None})))


async def test_messages_that_cannot_be_decoded_are_counted(connected: Connect, topic: str) -> None:
    """And the stream goes on."""
    connector = connected()
    events = connector.stream(Call(operation=orders.subscribe(topic).operation))
    reading = asyncio.ensure_future(anext(events))
    while topic not in connector._topics:
        await asyncio.sleep(0)
    await connector._topics[topic].wait_until_open()
    for message in (b"<xml/>", {"id": 1}):
        await connector.publish(Call(operation=orders.publish(topic).operation, arguments={"message": message}))
    assert (await reading).data == {"id": 1}
    assert connector.counts.undecodable == 1
    await events.aclose()


async def test_names_of_messages_can_hold_dots(connected: Connect, topic: str) -> None:
    """In `where` and in `at`."""
    mine = orders.subscribe(topic, where={r"labels.app\.io/name": "{name}", ("v.1",): 1}, at="items[].id")
    connector = connected()
    async with Direct({"orders": connector}), aclosing(mine(name="shop")) as events:
        first = asyncio.ensure_future(anext(events))
        matching = {"labels": {"app.io/name": "shop"}, "v.1": 1.0, "items": [{"id": 1}, {"id": 2}]}
        others = [{**matching, "labels": {"app": {"io/name": "shop"}}}, {**matching, "v.1": 2}]
        for _ in range(100):  # until the subscription is there
            for message in (*others, matching):
                await orders.publish(topic)(message)
            await asyncio.sleep(0.02)
            if first.done():
                break
        assert (await first).data == [1, 2]
