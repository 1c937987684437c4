"""The queue connector keeps every promise of the connector contract, over both brokers, with request() as the call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.errors import UpstreamUnreachable
from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.responder import Refusal
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.endpoints import queue
from connectors.queue.options import Options
from tests.connectors.conformance import REASON, SECRET, HeadersConformance, World, free_port, in_time
from tests.connectors.queue.world import address_of, opened, responding, unique
from tests.waiting import GENEROUS


class QueueWorld(World):
    """One responder at a broker."""

    expected = {"amount": 700}

    def __init__(self, address: str, elsewhere: str, topic: str) -> None:
        self.address, self.elsewhere = address, elsewhere
        self.quote = queue("orders").request(topic, {"weight": "{weight}"})
        self.mode = "answer"
        self.asked: list[Message] = []
        self.made: QueueConnector | None = None

    async def answer(self, request: Message) -> bytes:
        self.asked.append(request)
        if self.mode == "hang":
            await asyncio.Event().wait()
        if self.mode == "fail":
            raise Refusal("INTERNAL")
        if self.mode == "refuse":
            raise Refusal("STOCK", json.dumps({"why": REASON}).encode())
        return b'{"amount":' if self.mode == "garble" else b'{"amount": 700}'

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        options: dict[str, Any] = {"address": self.address, "token": SECRET}
        if port is not None:
            options["address"] = self.elsewhere.format(port=port)
        if max_reply_size is not None:
            options["max_reply_size"] = max_reply_size
        self.made = connect("orders", Options(**options))
        return self.made

    def call(self) -> Call:
        headers = {"authorization": f"Bearer {SECRET}"}
        return Call(operation=self.quote.operation, arguments={"weight": 3}, headers=headers)

    def hang(self) -> None:
        self.mode = "hang"

    def fail(self) -> None:
        self.mode = "fail"

    def refuse(self) -> str | int:
        self.mode = "refuse"
        return "STOCK"

    def garble(self) -> None:
        self.mode = "garble"

    def is_hanging(self) -> bool:
        return bool(self.asked)

    async def hung_up(self) -> bool:
        """A responder cannot be told that its caller left. What can be: nothing waits for its answer any more."""
        assert self.made is not None
        return len(self.asked) == 1 and awaited_answers(self.made._broker) == 0

    async def received_header(self, name: str) -> str | None:
        return self.asked[-1].headers.get(name)


def awaited_answers(broker: Broker) -> int:
    """How many answers a broker's client still has a place for."""
    if hasattr(broker, "_exchange"):
        return sum(topic.startswith("_inbox.") for topic in broker._exchange._exact)
    return len(broker._connecting.value.client._resp_map)  # type: ignore[attr-defined]


@asynccontextmanager
async def open_world(kind: str, unreachable: str) -> AsyncGenerator[QueueWorld]:
    """A broker of this kind with a responder. `unreachable` is an address where none is."""
    topic, address = unique("quote"), address_of(kind)
    world = QueueWorld(address, unreachable, topic)
    async with opened(address) as broker, responding(broker, topic, world.answer):
        yield world


class TestMemory(HeadersConformance):
    """Over the broker in memory."""

    @pytest.fixture
    async def world(self) -> AsyncGenerator[World]:
        async with open_world("memory", "memory://nobody-{port}") as world:
            yield world

    async def test_an_unreachable_upstream_is_said_to_be_so(self, world: World) -> None:
        """There is always a broker in memory, so check() passes; but nobody answers there, which is known at once."""
        connector = world.connector(port=free_port())
        await connector.start()
        with pytest.raises(UpstreamUnreachable, match="no responder") as caught:
            await connector.send(in_time(world.call(), GENEROUS))
        assert caught.value.was_not_sent
        await connector.check()
        await connector.close()


class TestNats(HeadersConformance):
    """Over NATS."""

    @pytest.fixture
    async def world(self) -> AsyncGenerator[World]:
        async with open_world("nats", "nats://127.0.0.1:{port}") as world:
            yield world
