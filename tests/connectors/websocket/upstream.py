"""A websocket server whose every message a test chooses, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from connectors.websocket.connector import WebsocketConnector, connect
from connectors.websocket.options import Options
from tests.connectors.conformance import eventually

Answer = Callable[[Any], Any]
"""Takes a message and gives what is said: None for nothing, text as it is, everything else as JSON."""


class Upstream:
    """`async with Upstream() as upstream:` listens on a free port of 127.0.0.1."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer: Answer = lambda message: None
        self.heard: list[Any] = []
        """All messages, in order."""
        self.handshakes: list[Request] = []
        self.open: set[ServerConnection] = set()
        self.refusal: int | None = None
        """Status with which handshakes are answered."""
        self.port = 0
        self._tls = tls
        self._server: Server | None = None

    async def __aenter__(self) -> Upstream:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def address(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://localhost:{self.port}/live"

    async def start(self) -> None:
        """Listen, after a stop on the same port."""
        self._server = await serve(
            self._meet, "127.0.0.1", self.port, ssl=self._tls, process_request=self._greet, close_timeout=0.2
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Close the port and break every connection."""
        if self._server is not None:
            self._server.close(close_connections=False)
            await self.drop()
            await self._server.wait_closed()
            self._server = None

    async def drop(self) -> None:
        """Break every connection without a word."""
        for client in self.open:
            client.transport.abort()
        await asyncio.sleep(0)

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

    def _greet(self, client: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        return None if self.refusal is None else client.respond(self.refusal, "no\n")

    async def _meet(self, client: ServerConnection) -> None:
        self.open.add(client)
        try:
            async for text in client:
                message = json.loads(text)
                self.heard.append(message)
                said = self.answer(message)
                if said is not None:
                    await client.send(said if isinstance(said, str) else json.dumps(said))
        except ConnectionClosed:
            pass
        finally:
            self.open.discard(client)


def accept(key: bytes) -> bytes:
    """RFC 6455 section 4.2.2."""
    return base64.b64encode(hashlib.sha1(key.strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
