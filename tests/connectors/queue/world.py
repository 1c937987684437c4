"""Brokers for tests: the one in memory, the NATS server of this machine, and NATS servers of a test's own."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from connectors.queue.brokers import Broker, Message, Settings, open_broker
from connectors.queue.brokers.responder import Handler, respond
from tests.connectors.conformance import free_port
from tests.services import need_program, need_service

_numbers = itertools.count(1)
KINDS = ("memory", "nats")


def unique(name: str) -> str:
    """A name that no other test uses, in this process or another: brokers outlive tests."""
    return f"{name}-{os.getpid()}-{next(_numbers)}"


def address_of(kind: str) -> str:
    """The address of a broker; skips where NATS is missing."""
    if kind == "memory":
        return f"memory://{unique('test')}"
    need_service("nats", 4222)
    return "nats://127.0.0.1:4222"


@asynccontextmanager
async def opened(address: str, **settings: Any) -> AsyncIterator[Broker]:
    """A broker, closed in the end."""
    broker = open_broker(address, Settings(**settings))
    try:
        await broker.open()
        yield broker
    finally:
        await broker.close()


@asynccontextmanager
async def responding(broker: Broker, topic: str, handler: Handler, **options: Any) -> AsyncIterator[None]:
    """Requests of the topic are answered while inside."""
    ready = asyncio.Event()

    class Watched:
        """Tells when the responder has subscribed."""

        async def subscribe(self, *args: Any, **options: Any) -> Any:
            subscription = await broker.subscribe(*args, **options)
            ready.set()
            return subscription

        async def publish(self, message: Message) -> None:
            await broker.publish(message)

    task = asyncio.create_task(respond(Watched(), topic, handler, **options))  # type: ignore[arg-type]
    await ready.wait()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class NatsServer:
    """`async with NatsServer(tmp_path) as server:` is a nats-server of the test's own, on a free port."""

    def __init__(self, folder: Path, *, config: str = "") -> None:
        self.port = free_port()
        self._program = need_program("nats-server", "/usr/sbin/nats-server")
        self._config = folder / "nats.conf"
        store = folder / "jetstream"
        self._config.write_text(f'listen: "127.0.0.1:{self.port}"\njetstream: {{store_dir: "{store}"}}\n{config}\n')
        self._process: asyncio.subprocess.Process | None = None

    @property
    def address(self) -> str:
        return f"nats://localhost:{self.port}"

    async def __aenter__(self) -> NatsServer:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start, after a kill on the same port."""
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            self._program, "-c", str(self._config), stdout=quiet, stderr=quiet
        )
        for _ in range(3000):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
        raise AssertionError("nats-server does not start")

    async def kill(self) -> None:
        """Kill it without a word."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None
