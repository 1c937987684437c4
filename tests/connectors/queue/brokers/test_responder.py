"""The answering side of request and reply, over every broker."""

from __future__ import annotations

import asyncio

from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.contract import ERROR_HEADER
from connectors.queue.brokers.responder import Refusal
from tests.connectors.queue.world import responding
from tests.waiting import time_limit


async def test_a_responder_that_fails_says_so(broker: Broker, topic: str) -> None:
    """A refusal with its code, an accident with INTERNAL and without its words; the next request is answered."""

    async def answer(message: Message) -> bytes:
        if message.body == b"refuse":
            raise Refusal("NO_STOCK")
        if message.body == b"crash":
            raise ValueError("password=hunter2")
        return message.body

    async with responding(broker, topic, answer), time_limit():
        answers = [await broker.request(Message(topic=topic, body=body)) for body in (b"refuse", b"crash", b"fine")]
    assert [answer.headers.get(ERROR_HEADER) for answer in answers] == ["NO_STOCK", "INTERNAL", None]
    assert b"hunter2" not in answers[1].body
    assert answers[2].body == b"fine"


async def test_at_most_so_many_are_answered_at_once(broker: Broker, topic: str) -> None:
    """The others wait at the broker."""
    running = most = 0

    async def answer(message: Message) -> bytes:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0)
        running -= 1
        return message.body

    async with responding(broker, topic, answer, at_once=2), time_limit():
        await asyncio.gather(*(broker.request(Message(topic=topic, body=b"1")) for _ in range(20)))
    assert most <= 2


async def test_cancelling_a_responder_cancels_its_handlers(broker: Broker, topic: str) -> None:
    """And leaves the topic."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def hang(message: Message) -> bytes:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return b""

    async with time_limit():
        async with responding(broker, topic, hang):
            asking = asyncio.ensure_future(broker.request(Message(topic=topic, body=b"")))
            await began.wait()
        assert ended.is_set()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
