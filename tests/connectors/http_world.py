"""A raw HTTP/1.1 server whose every byte a test chooses. For tests of whatever speaks HTTP."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Say:
    """Write these bytes. Then keep the connection, or close it, or reset it; `hang` waits until the client leaves."""

    data: bytes = b""
    then: str = "keep"
    after: float = 0.0


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """A free port of 127.0.0.1 where `serve` has each connection; all of them end with the test."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


HANG = Say(then="hang")


def response(body: bytes = b"", status: int = 200, **headers: str) -> Say:
    """A well-formed response; underscores in header names are dashes."""
    lines = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Say(f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body)


def json_response(data: Any, status: int = 200, **headers: str) -> Say:
    """As `response`, of JSON."""
    return response(json.dumps(data).encode(), status, **{"content_type": "application/json", **headers})


@dataclass
class HttpWorld:
    """`async with HttpWorld() as world:` listens on a free port of 127.0.0.1; `world.answer` decides what is said."""

    answer: Callable[[Received], Say] = lambda request: response(b"ok")
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    hanging: int = 0
    """How many requests came that are not answered."""
    hung_up: int = 0
    """How many clients left while they had no whole answer."""

    async def __aenter__(self) -> HttpWorld:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, limit=2**20)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}"

    async def was_asked(self) -> bool:
        """For `eventually`: a request arrived."""
        return bool(self.requests)

    async def client_left(self) -> bool:
        """For `eventually`: a hanging client is gone."""
        return self.hung_up > 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort() if self.tls else writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        received = Received(method, target, headers, body)
        self.requests.append(received)
        say = self.answer(received)
        await asyncio.sleep(say.after)
        writer.write(say.data)
        await writer.drain()
        if say.then == "hang":
            self.hanging += 1
            assert await reader.read() == b""
            self.hung_up += 1
        elif say.then == "reset":
            writer.transport.abort()
        return say.then == "keep"
