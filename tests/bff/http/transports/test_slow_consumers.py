"""Subscribers who do not read: bounded memory, nobody else delayed, and what they find when they read again."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bff.contract import Answer, Answers, Request
from bff.http.options import Timeouts
from tests.bff.http.world import World, open_world
from tests.seeds import IS_SOAK
from tests.waiting import GENEROUS, time_limit, until

BUFFER = 64


class Data(dict[str, Any]):
    """Is counted while it lives."""

    count = 0

    def __init__(self, **items: Any) -> None:
        super().__init__(items)
        Data.count += 1

    def __del__(self) -> None:
        Data.count -= 1


class Push:
    """A source that hands each event to every subscriber and waits for the slowest of them."""

    def __init__(self) -> None:
        self.boxes: list[asyncio.Queue[Data | None]] = []
        self.most_alive = 0
        self.read = 0
        """How many events the quick one has read."""

    async def answer(self, request: Request) -> Answers:
        box: asyncio.Queue[Data | None] = asyncio.Queue(1)
        self.boxes.append(box)
        return self._events(box)

    async def _events(self, box: asyncio.Queue[Data | None]) -> Answers:
        try:
            while (data := await box.get()) is not None:
                yield Answer(data=data)
        finally:
            self.boxes.remove(box)

    async def send(self, count: int) -> None:
        for number in range(count):
            while number - self.read > BUFFER // 2:
                await asyncio.sleep(0)
            data = Data(n=number, fill="x" * 200)
            for box in list(self.boxes):
                await box.put(data)
            if number % 100 == 0:
                self.most_alive = max(self.most_alive, living())
        for box in list(self.boxes):
            await box.put(None)


def living() -> int:
    """How many events are held anywhere."""
    return Data.count


async def subscriber(world: World, receive_buffer: int | None = None) -> ClientConnection:
    port = int(world.url.rpartition(":")[2])
    made = socket.socket()
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.connect(("127.0.0.1", port))
    client = await connect(
        world.url.replace("http", "ws") + "/graphql",
        sock=made,
        subprotocols=["graphql-transport-ws"],
        proxy=None,
        compression=None,
        max_queue=4 if receive_buffer else None,
        ping_interval=None,
    )
    await client.send('{"type":"connection_init"}')
    await client.recv()
    await client.send('{"type":"subscribe","id":"1","payload":{"query":"subscription { big }"}}')
    return client


@pytest.mark.soak
@pytest.mark.parametrize(
    ("slow", "count"),
    [("drop_oldest", 100_000 if IS_SOAK else 30_000), ("coalesce", 30_000), ("disconnect", 30_000)],
    ids=["drop_oldest", "coalesce", "disconnect"],
)
async def test_one_who_does_not_read(slow: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delays nobody, even where the source waits for everybody, and costs a bounded number of events."""
    async with open_world(Timeouts(slow_subscriber=0.1), subscriptions={"overflow": slow, "buffer": BUFFER}) as world:
        push = Push()
        monkeypatch.setattr(world.gateway, "answer", push.answer)
        stuck, quick = await subscriber(world, receive_buffer=4096), await subscriber(world)
        await until(lambda: len(push.boxes) == 2)
        sending = asyncio.ensure_future(push.send(count))
        async with time_limit(20 * GENEROUS):
            while (message := json.loads(await quick.recv()))["type"] == "next":
                assert message["payload"]["data"]["n"] == push.read
                push.read += 1
            await sending
        assert push.read == count
        assert push.most_alive < 4 * BUFFER
        last: Any = None
        try:
            async with time_limit(20 * GENEROUS):
                while (last := json.loads(await stuck.recv()))["type"] == "next":
                    newest = last["payload"]["data"]["n"]
        except ConnectionClosed:
            last = None
        assert (last is None) == (slow == "disconnect")
        assert slow == "disconnect" or newest == count - 1
        await quick.close()
        stuck.transport.abort()
