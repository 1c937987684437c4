"""A websocket server whose every message a test chooses, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

from connectors.websocket.connector import WebsocketConnector, connect
from connectors.websocket.options import Options
from tests.connectors.conformance import eventually
from tests.connectors.websocket_world import WebsocketWorld

Answer = Callable[[Any], Any]
"""Takes a message and gives what is said: None for nothing, text as it is, everything else as JSON."""


class Upstream(WebsocketWorld):
    """`async with Upstream() as upstream:` listens; `upstream.answer` says what each message is answered with."""

    path = "/live"

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls=tls)
        self.answer: Answer = lambda message: None
        self.heard: list[Any] = []
        """All messages, in order."""

    async def speak(self, client: ServerConnection) -> None:
        async for text in client:
            message = json.loads(text)
            self.heard.append(message)
            said = self.answer(message)
            if said is not None:
                await client.send(said if isinstance(said, str) else json.dumps(said))

    async def say(self, *messages: Any) -> None:
        """Send messages to every client: texts as they are, bytes as binary frames, the rest as JSON."""
        for client in list(self.open):
            for message in messages:
                await client.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hears(self, *messages: Any) -> bool:
        """Whether these messages, and no others, arrive in time; in their order."""

        async def did() -> bool:
            return len(self.heard) >= len(messages)

        await eventually(did)
        await asyncio.sleep(0.02)
        return self.heard == list(messages)

    async def has(self, clients: int) -> bool:
        """Whether there are this many connections soon."""

        async def counted() -> bool:
            return len(self.open) == clients

        return await eventually(counted)

    def connector(self, **options: Any) -> WebsocketConnector:
        return connect("ticker", Options.model_validate({"address": self.address, **options}))


def accept(key: bytes) -> bytes:
    """RFC 6455 section 4.2.2."""
    return base64.b64encode(hashlib.sha1(key.strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
