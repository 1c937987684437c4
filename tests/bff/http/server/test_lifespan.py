"""ASGI's lifespan: the service opens with the server and closes with it, and requests see the stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bff.http.asgi import Message
from bff.http.extensions import announce_stop, get_stop_event
from bff.http.server.lifespan import serve_lifespan


class Server:
    """The server's side of the protocol."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {"type": "lifespan", "state": {}}
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: list[str] = []

    async def send(self, message: Message) -> None:
        """Note what the application says."""
        self.sent.append(message["type"].removeprefix("lifespan."))


async def test_the_service_is_open_between_start_and_stop() -> None:
    """Opened before the server accepts, closed before the server ends."""
    server, story = Server(), []

    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        story.append("open")
        yield
        story.append("closed")

    running = asyncio.ensure_future(serve_lifespan(server.scope, server.messages.get, server.send, service))
    await server.messages.put({"type": "lifespan.startup"})
    while not server.sent:
        await asyncio.sleep(0)
    assert (server.sent, story) == (["startup.complete"], ["open"])
    event = get_stop_event(server.scope)
    assert event is not None
    assert not event.is_set()
    announce_stop(server.scope["state"])
    assert event.is_set()
    await server.messages.put({"type": "lifespan.shutdown"})
    await running
    assert (server.sent[1:], story) == (["shutdown.complete"], ["open", "closed"])


async def test_a_service_that_does_not_open_stops_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    """The server is told the kind of the error; the log has the rest."""
    server = Server()

    @asynccontextmanager
    async def service() -> AsyncIterator[None]:
        raise ConnectionError("secret address")
        yield

    await server.messages.put({"type": "lifespan.startup"})
    await serve_lifespan(server.scope, server.messages.get, server.send, service)
    assert server.sent == ["startup.failed"]


async def test_a_server_without_state_has_no_stop_event() -> None:
    """Streams then end as their connections do."""
    assert get_stop_event({}) is None
    announce_stop({})
