"""Subscriptions of the queue connector: filters, sharing, groups, slow viewers, endings. In memory and over NATS."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import chain
from typing import Any

import msgspec
import pytest

from connectors.contract import Call, Event
from connectors.direct import Direct
from connectors.endpoint import StreamEndpoint
from connectors.errors import UpstreamDisconnected, UpstreamTimeout, UpstreamUnavailable, UpstreamUnreachable
from connectors.queue.brokers import Broker, Message
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.endpoints import queue
from connectors.queue.options import Options
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.queue.conftest import Connect
from tests.waiting import GENEROUS, idle, settle, time_limit, until

orders = queue("orders")


async def say(broker: Broker, topic: str, *bodies: Any) -> None:
    """Publish texts as they are and all else as JSON."""
    for body in bodies:
        await broker.publish(Message(topic=topic, body=body if isinstance(body, bytes) else msgspec.json.encode(body)))


def watch(connector: QueueConnector, endpoint: StreamEndpoint, **arguments: Any) -> AsyncGenerator[Event, None]:
    return connector.stream(Call(operation=endpoint.operation, arguments=arguments))


async def viewing(stream: AsyncGenerator[Event, None], into: list[Any]) -> None:
    async with aclosing(stream):
        async for event in stream:
            into.append(event.data)
            await asyncio.sleep(0)


class Viewers:
    """Tasks that read streams, stopped together."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    def add(self, stream: AsyncGenerator[Event, None]) -> list[Any]:
        into: list[Any] = []
        self.tasks.append(asyncio.create_task(viewing(stream, into)))
        return into

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def viewers() -> AsyncGenerator[Viewers]:
    viewers = Viewers()
    yield viewers
    await viewers.stop()


def count_subscriptions(connector: QueueConnector) -> list[object]:
    """The subscriptions that this connector has at its broker, from now on."""
    made: list[object] = []
    subscribe = connector._broker.subscribe

    async def counting(*arguments: Any, **options: Any) -> Any:
        made.append(subscription := await subscribe(*arguments, **options))
        return subscription

    connector._broker.subscribe = counting  # type: ignore[method-assign]
    return made


async def subscribed(connector: QueueConnector, *topics: str) -> None:
    """Wait until the shared subscriptions to these topics are in place."""
    while not all(name in connector._topics for name in topics):
        await asyncio.sleep(0.01)
    for name in topics:
        await connector._topics[name].wait_until_open()


async def soon(question: Any) -> bool:
    async def asked() -> bool:
        return bool(question())

    return await eventually(asked)


async def test_only_matching_messages_are_seen(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers
) -> None:
    """`where` compares fields by value or text; what is no JSON or too large is passed over and counted."""
    connector = connected(max_reply_size=100)
    updates = orders.subscribe(topic, where={"order.id": "{id}", "kind": "update"})
    seen = viewers.add(watch(connector, updates, id="7"))
    await subscribed(connector, topic)

    def update(number: Any, **more: Any) -> dict[str, Any]:
        return {"kind": "update", "order": {"id": number}, **more}

    await say(broker, topic, update(8), b"{no json", update(7, n=1), update(7, n="x" * 200))
    await say(broker, topic, {**update(7), "kind": "other"}, update("7", n=2), b"", [7], update(7.0, n=3))
    assert await soon(lambda: len(seen) == 3)
    assert [each["n"] for each in seen] == [1, 2, 3]
    assert connector.counts.undecodable == 2


async def test_publish_and_subscribe_through_endpoints(connected: Connect, topic: str) -> None:
    """As an author writes it: topics with parameters, keys, headers, at=."""
    name = f"{topic}.{{region}}.placed"
    placed, seen = orders.publish(name), orders.subscribe(name, at="id")
    connector = connected()
    async with Direct({"orders": connector}), aclosing(seen(region="eu")) as events:
        reading = asyncio.ensure_future(anext(events))
        await subscribed(connector, f"{topic}.eu.placed")
        await placed({"id": "o-0"}, region="us")
        await placed({"id": "o-1"}, key="o-1", headers={"X-Source": "web"}, region="eu")
        event = await asyncio.wait_for(reading, GENEROUS)
        assert (event.data, event.topic) == ("o-1", f"{topic}.eu.placed")
        assert event.headers == {"x-source": "web"}


async def test_viewers_share_one_subscription(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand viewers of two endpoints are one subscription at the broker, and none when they have left."""
    connector = connected()
    made: list[str] = []
    subscribe = connector._broker.subscribe

    async def counted(name: str, **options: Any) -> Any:
        made.append(name)
        return await subscribe(name, **options)

    monkeypatch.setattr(connector._broker, "subscribe", counted)
    every, own = orders.subscribe(topic), orders.subscribe(topic, where={"id": "{id}"})
    seen = [viewers.add(watch(connector, every)) for _ in range(500)]
    mine = [viewers.add(watch(connector, own, id=number)) for number in range(500)]
    await subscribed(connector, topic)
    assert await soon(lambda: connector._topics[topic].subscriber_count == 1000)
    await say(broker, topic, *({"id": number} for number in range(20)))
    assert await soon(lambda: all(len(each) == 20 for each in seen))
    assert all(each == [{"id": number} for number in range(20)] for each in seen)
    assert mine == [[{"id": number}] for number in range(20)] + [[]] * 480
    assert made == [topic]
    await viewers.stop()
    assert not connector._topics
    await say(broker, topic, {"id": 1})


async def test_a_group_shares_the_work_of_all_processes(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers
) -> None:
    """Each message goes to one member, in whichever gateway it is; `where` lets others pass."""
    work = orders.subscribe(topic, group="workers", where={"kind": "job"})
    connectors = [connected() for _ in range(2)]
    joined = [count_subscriptions(connector) for connector in connectors]
    seen = [viewers.add(watch(connector, work)) for connector in connectors]
    await until(lambda: all(joined))
    await say(broker, topic, *({"kind": "job", "n": number} for number in range(10)), {"kind": "noise"}, b"{no json")
    assert await soon(lambda: sum(map(len, seen)) == 10)
    assert sorted(each["n"] for each in chain(*seen)) == list(range(10))


async def test_a_viewer_who_leaves_a_group_gives_its_last_message_back(connected: Connect, topic: str) -> None:
    """At least once: only asking for the next one says that a message was worked through."""
    connector = connect("orders", Options(address="memory://giving-back"))
    work, send = orders.subscribe(topic, group="workers"), orders.publish(topic)
    async with aclosing(watch(connector, work)) as events:
        reading = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        for number in (1, 2):
            await connector.publish(Call(operation=send.operation, arguments={"message": number}))
        assert (await reading).data == 1
        assert (await anext(events)).data == 2
    async with aclosing(watch(connector, work)) as events:
        assert (await asyncio.wait_for(anext(events), GENEROUS)).data == 2
    await connector.close()


async def test_a_burst_loses_nothing_for_viewers_who_keep_up(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers
) -> None:
    """More at once than a queue holds."""
    connector = connected(buffer=64, overflow="disconnect")
    seen = viewers.add(watch(connector, orders.subscribe(topic)))
    await subscribed(connector, topic)
    await asyncio.gather(*(say(broker, topic, number) for number in range(3000)))
    assert await soon(lambda: len(seen) == 3000)
    assert sorted(seen) == list(range(3000))


@pytest.mark.parametrize(("overflow", "expected"), [("drop_oldest", [0, 7, 8, 9]), ("coalesce", [0, 9])])
async def test_a_slow_viewer_loses_what_its_policy_says(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers, overflow: str, expected: list[int]
) -> None:
    """The box holds three; nobody else waits."""
    connector = connected(buffer=3, overflow=overflow)
    numbers = orders.subscribe(topic)
    async with aclosing(watch(connector, numbers)) as slow:
        reading = asyncio.ensure_future(anext(slow))
        fast = viewers.add(watch(connector, numbers))
        await subscribed(connector, topic)
        for number in range(10):
            await say(broker, topic, number)
            assert await soon(lambda number=number: fast[-1:] == [number])
        seen = [(await reading).data]
        while seen[-1] != 9:
            seen.append((await anext(slow)).data)
    assert seen == expected
    assert fast == list(range(10))
    assert connector.counts.dropped == 10 - len(expected)


async def test_a_slow_viewer_can_be_sent_away(broker: Broker, connected: Connect, topic: str) -> None:
    """With `disconnect` it gets what is in its box and then an error."""
    connector = connected(buffer=2, overflow="disconnect")
    async with aclosing(watch(connector, orders.subscribe(topic))) as events:
        reading = asyncio.ensure_future(anext(events))
        await subscribed(connector, topic)
        await say(broker, topic, 0)
        assert (await reading).data == 0
        await say(broker, topic, *range(1, 6))
        await idle()
        seen: list[int] = []
        with pytest.raises(UpstreamUnavailable, match="slower than the topic"):
            await viewing(events, seen)
    assert seen == [1, 2]


async def test_the_deadline_of_a_call_ends_its_stream(connected: Connect, topic: str) -> None:
    """For viewers and for members of groups."""
    connector = connected()
    for endpoint in (orders.subscribe(topic), orders.subscribe(topic, group="g")):
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await viewing(connector.stream(in_time(Call(operation=endpoint.operation), 0.2)), [])
        assert 0.15 < time.monotonic() - began < GENEROUS


async def test_closing_the_connector_ends_its_viewers(connected: Connect, topic: str, viewers: Viewers) -> None:
    """With UpstreamDisconnected, soon; later ones are unreachable."""
    connector = connected()
    joined = count_subscriptions(connector)
    endpoints = (orders.subscribe(topic), orders.subscribe(topic, group="g"))
    for endpoint in endpoints:
        viewers.add(watch(connector, endpoint))
    await until(lambda: len(joined) == 2)
    await settle()
    await connector.close()
    ends = await asyncio.wait_for(asyncio.gather(*viewers.tasks, return_exceptions=True), GENEROUS)
    assert [type(end) for end in ends] == [UpstreamDisconnected] * 2
    for endpoint in endpoints:
        with pytest.raises(UpstreamUnreachable):
            await viewing(watch(connector, endpoint), [])


async def test_a_broker_that_is_not_there_is_told_to_viewers() -> None:
    """At once, not after give_up_after: patience is for those who were connected once."""
    connector = connect("orders", Options(address=f"nats://127.0.0.1:{free_port()}"))
    for endpoint in (orders.subscribe("x"), orders.subscribe("x", group="g")):
        async with time_limit():
            with pytest.raises(UpstreamUnreachable):
                await viewing(watch(connector, endpoint), [])
    await connector.close()


async def test_several_events_of_one_message(broker: Broker, connected: Connect, topic: str, viewers: Viewers) -> None:
    """An array, lines, a field with a list; packed; and a tombstone is null."""
    connector = connected()
    mine = viewers.add(watch(connector, orders.subscribe(topic, where={"id": 7})))
    inside = viewers.add(watch(connector, orders.subscribe(topic, where={"id": 7}, items="events")))
    everything = viewers.add(watch(connector, orders.subscribe(topic)))
    await subscribed(connector, topic)
    assert await soon(lambda: connector._topics[topic].subscriber_count == 3)
    one, two, other = {"id": 7, "n": 1}, {"id": "7", "n": 2}, {"id": 8}
    lines, packed = msgspec.json.encode(one) + b"\n{broken", gzip.compress(msgspec.json.encode(two))
    await say(broker, topic, [one, other, two], lines, packed, b"", {"events": [one, other]})
    assert await soon(lambda: len(everything) == 5)
    assert everything == [[one, other, two], one, two, None, {"events": [one, other]}]
    assert mine == [one, two, one, two]
    assert inside == [one, two, one, two, one]
    assert connector.counts.undecodable == 1


async def test_a_member_of_a_group_gets_each_event(
    broker: Broker, connected: Connect, topic: str, viewers: Viewers
) -> None:
    """Of a message that holds several."""
    connector = connected()
    made = count_subscriptions(connector)
    seen = viewers.add(watch(connector, orders.subscribe(topic, group="mailers", where={"id": 7}, items=True)))
    one, other = {"id": 7}, {"id": 8}
    assert await soon(lambda: made)
    await say(broker, topic, [one, other], [one, one])
    assert await soon(lambda: len(seen) == 3)
    assert connector.counts.unrouted == 1
