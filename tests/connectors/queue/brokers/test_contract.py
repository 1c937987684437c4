"""What every broker promises, in memory and over a real NATS."""

from __future__ import annotations

import asyncio

import pytest

from connectors.queue.brokers import Broker, Message, Subscription
from connectors.queue.brokers.contract import BrokerUnreachable, NoResponders
from tests.connectors.queue.world import responding
from tests.waiting import settle, time_limit


async def take(subscription: Subscription, count: int) -> list[str]:
    async with time_limit():
        return [(await anext(subscription)).body.decode() for _ in range(count)]


async def test_every_subscriber_gets_every_message_in_order(broker: Broker, topic: str) -> None:
    """Fan-out: two subscribers, three messages each; then there is nothing more."""
    first, second = await broker.subscribe(topic), await broker.subscribe(topic)
    for text in ("a", "b", "c"):
        await broker.publish(Message(topic=topic, body=text.encode()))
    assert await take(first, 3) == ["a", "b", "c"]
    assert await take(second, 3) == ["a", "b", "c"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(first), 0.1)
    await first.aclose()
    await second.aclose()


async def test_one_member_of_a_group_gets_each_message(broker: Broker, topic: str) -> None:
    """Work is shared: nothing twice, nothing lost; other groups and plain subscribers get it too."""
    members = [await broker.subscribe(topic, group="workers") for _ in range(3)]
    auditor, onlooker = await broker.subscribe(topic, group="audit"), await broker.subscribe(topic)
    got: list[str] = []

    async def work(member: Subscription) -> None:
        async for message in member:
            got.append(message.body.decode())

    tasks = [asyncio.create_task(work(member)) for member in members]
    everything = [str(number) for number in range(30)]
    for text in everything:
        await broker.publish(Message(topic=topic, body=text.encode()))
    async with time_limit():
        while len(got) < 30:
            await asyncio.sleep(0.01)
    assert sorted(got, key=int) == everything
    assert await take(auditor, 30) == everything
    assert await take(onlooker, 30) == everything
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for subscription in (*members, auditor, onlooker):
        await subscription.aclose()


async def test_everything_on_a_message_arrives(broker: Broker, topic: str) -> None:
    """Key, headers, content type, reply topic and correlation id."""
    sent = Message(
        topic=topic,
        body=bytes(range(256)),
        content_type="application/octet-stream",
        key="k-1",
        headers={"x-request-id": "r"},
        reply_to="somewhere",
        correlation_id="c-1",
    )
    subscription = await broker.subscribe(topic)
    await broker.publish(sent)
    async with time_limit():
        assert await anext(subscription) == sent
    await subscription.aclose()


async def test_wildcards_stand_for_tokens(broker: Broker, topic: str) -> None:
    """`*` is one token, a last `>` the rest."""
    one, rest = await broker.subscribe(f"{topic}.*.done"), await broker.subscribe(f"{topic}.>")
    for name in (f"{topic}.eu.done", f"{topic}.eu.open", f"{topic}.done"):
        await broker.publish(Message(topic=name, body=name.removeprefix(topic).encode()))
    assert await take(one, 1) == [".eu.done"]
    assert await take(rest, 3) == [".eu.done", ".eu.open", ".done"]
    await one.aclose()
    await rest.aclose()


async def test_cancelling_the_wait_for_a_message_loses_none(broker: Broker, topic: str) -> None:
    """A reader may give up waiting and come back, whatever arrives meanwhile."""
    subscription = await broker.subscribe(topic, group="patient")
    for number in range(20):
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        sending = asyncio.create_task(broker.publish(Message(topic=topic, body=str(number).encode())))
        await asyncio.sleep(0)
        waiting.cancel()
        await sending
        ends = await asyncio.gather(waiting, return_exceptions=True)
        if isinstance(ends[0], BaseException):
            assert await take(subscription, 1) == [str(number)]
    await subscription.aclose()


async def test_many_requests_at_once_get_their_own_answers(broker: Broker, topic: str) -> None:
    """Fifty questions are worked on together, and answers are told apart by correlation."""

    running = most = 0

    async def double(message: Message) -> bytes:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0.01 * (int(message.body) % 5))
        running -= 1
        return str(int(message.body) * 2).encode()

    async with responding(broker, topic, double), time_limit():
        asked = [broker.request(Message(topic=topic, body=str(number).encode())) for number in range(50)]
        answers = await asyncio.gather(*asked)
    assert [int(answer.body) for answer in answers] == [number * 2 for number in range(50)]
    assert most > 5


async def test_a_request_that_nobody_answers_fails_at_once(broker: Broker, topic: str) -> None:
    """No responders is told, not waited for; also when the last one has left."""
    with pytest.raises(NoResponders):
        async with time_limit():
            await broker.request(Message(topic=topic, body=b""))

    async def answer(message: Message) -> bytes:
        return b""

    async with responding(broker, topic, answer):
        await broker.request(Message(topic=topic, body=b""))
    with pytest.raises(NoResponders):
        async with time_limit():
            await broker.request(Message(topic=topic, body=b""))


async def test_closing_ends_subscriptions(broker: Broker, topic: str) -> None:
    """A reader is not left hanging, and nothing works afterwards."""
    subscription = await broker.subscribe(topic)
    reading = asyncio.ensure_future(anext(subscription, None))
    await settle()
    await broker.close()
    await broker.close()
    async with time_limit():
        assert await reading is None
    for work in (
        broker.open(),
        broker.publish(Message(topic=topic, body=b"")),
        broker.subscribe(topic),
        broker.request(Message(topic=topic, body=b"")),
    ):
        with pytest.raises(BrokerUnreachable):
            await work
    await subscription.aclose()
