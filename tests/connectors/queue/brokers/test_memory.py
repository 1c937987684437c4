"""What the broker in memory promises beyond the others: backlogs, redelivery, one broker per name."""

from __future__ import annotations

import asyncio

import pytest

from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.contract import BrokerFull, BrokerRefused
from connectors.queue.brokers.memory import MAX_BYTES, matches_topic
from tests.connectors.queue.brokers.test_contract import take
from tests.connectors.queue.world import address_of, opened


@pytest.fixture
def address() -> str:
    return address_of("memory")


def job(text: str) -> Message:
    return Message(topic="work", body=text.encode())


async def test_what_was_not_finished_is_given_back(broker: Broker) -> None:
    """At least once: who leaves while working leaves the message to the next, in its old place."""
    careless = await broker.subscribe("work", group="workers")
    for text in ("first", "second"):
        await broker.publish(job(text))
    assert await take(careless, 1) == ["first"]
    await careless.aclose()
    careful = await broker.subscribe("work", group="workers")
    assert await take(careful, 2) == ["first", "second"]
    await careful.aclose()


async def test_a_message_given_back_goes_to_a_member_who_waits(broker: Broker) -> None:
    """A crash of one is work for another, at once."""
    crashing, waiting = [await broker.subscribe("work", group="workers") for _ in range(2)]
    await broker.publish(job("hot"))
    assert await take(crashing, 1) == ["hot"]
    other = asyncio.create_task(take(waiting, 1))
    await asyncio.sleep(0)
    await crashing.aclose()
    assert await other == ["hot"]
    await waiting.aclose()


async def test_asking_for_the_next_message_acknowledges_the_last(broker: Broker) -> None:
    """What was finished does not come again."""
    first = await broker.subscribe("work", group="workers")
    for text in ("a", "b"):
        await broker.publish(job(text))
    assert await take(first, 2) == ["a", "b"]
    await first.aclose()
    second = await broker.subscribe("work", group="workers")
    assert await take(second, 1) == ["b"]
    await second.aclose()


async def test_a_message_can_be_settled_in_words(broker: Broker) -> None:
    """ack() and nack() before the next is asked for; only the first word counts."""
    worker = await broker.subscribe("work", group="workers")
    for text in ("a", "b"):
        await broker.publish(job(text))
    refused = await anext(worker)
    await refused.nack()
    await refused.ack()
    done = await anext(worker)
    assert done.body == b"a"
    await done.ack()
    await worker.aclose()
    later = await broker.subscribe("work", group="workers")
    assert await take(later, 1) == ["b"]
    await later.aclose()


async def test_a_group_that_is_away_gets_nothing_unless_it_is_durable(broker: Broker) -> None:
    """Durable groups find what came meanwhile; others begin anew; nobody answers requests for those who are away."""
    for durable in (True, False):
        member = await broker.subscribe("work", group=f"group-{durable}", durable=durable)
        await member.aclose()
    await broker.publish(job("meanwhile"))
    durable = await broker.subscribe("work", group="group-True", durable=True)
    assert await take(durable, 1) == ["meanwhile"]
    fresh = await broker.subscribe("work", group="group-False")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(fresh), 0.05)
    await durable.aclose()
    await fresh.aclose()


async def test_a_full_backlog_is_told_to_the_publisher_and_nobody_gets_the_message() -> None:
    """A group that sleeps does not fill the process; all or none, so that a repetition gives nobody a copy."""
    async with opened(address_of("memory"), max_backlog=3) as broker:
        sleeper, onlooker = await broker.subscribe("work", group="sleepers"), await broker.subscribe("work")
        for text in "abc":
            await broker.publish(job(text))
        with pytest.raises(BrokerFull, match="3 messages of work wait for the group sleepers"):
            await broker.publish(job("d"))
        assert await take(sleeper, 1) == ["a"]
        await broker.publish(job("e"))
        assert await take(onlooker, 3) == ["b", "c", "e"]  # one who is not in a group loses the oldest
        await sleeper.aclose()
        await onlooker.aclose()


async def test_a_message_too_large_is_refused(broker: Broker) -> None:
    """As every broker has its limit."""
    with pytest.raises(BrokerRefused, match="larger than"):
        await broker.publish(Message(topic="work", body=b"x" * (MAX_BYTES + 1)))


async def test_the_same_name_is_the_same_broker(broker: Broker, address: str) -> None:
    """Two parties that say the same name meet; others do not. Closing one leaves the other's subscriptions alone."""
    async with opened(address) as same, opened(address_of("memory")) as other:
        mine, theirs = [await party.subscribe("work", group="all") for party in (broker, same)]
        await other.publish(job("elsewhere"))
        await theirs.aclose()
        await same.publish(job("here"))
        assert await take(mine, 1) == ["here"]
    reading = asyncio.create_task(take(mine, 1))
    await asyncio.sleep(0)
    await broker.publish(job("still here"))
    assert await reading == ["still here"]
    await mine.aclose()


async def test_nothing_is_left_of_who_has_left(broker: Broker) -> None:
    """Subscriptions, groups and inboxes come and go without a trace."""
    subscriptions = [await broker.subscribe(f"t.{number}") for number in range(100)]
    subscriptions += [await broker.subscribe("t.*"), await broker.subscribe("work", group="g")]
    for subscription in subscriptions:
        await subscription.aclose()
    exchange = broker._exchange  # type: ignore[attr-defined]
    assert (exchange._exact, exchange._patterns) == ({}, [])


@pytest.mark.parametrize(
    ("pattern", "name", "does"),
    [
        ("a.b", "a.b", True),
        ("a.b", "a.b.c", False),
        ("a.b.c", "a.b", False),
        ("a.*", "a.b", True),
        ("a.*", "a", False),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("*.b", "a.b", True),
        (">", "a.b", True),
    ],
)
def test_patterns(pattern: str, name: str, does: bool) -> None:
    """As NATS has them."""
    assert matches_topic(pattern, name) is does


async def test_what_a_slow_subscriber_loses_is_counted(address: str) -> None:
    """As its connector's, though another one published."""
    dropped: list[int] = []
    async with opened(address, max_backlog=2, count_dropped=dropped.append) as slow, opened(address) as other:
        subscription = await slow.subscribe("work")
        for text in "abcde":
            await other.publish(job(text))
        assert await take(subscription, 2) == ["d", "e"]
        await subscription.aclose()
    assert dropped == [1, 1, 1]
