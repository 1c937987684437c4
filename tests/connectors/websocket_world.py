"""A websocket server on a real socket, for tests of whatever speaks over websockets."""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response


class WebsocketWorld(ABC):
    """`async with` listens on a free port of 127.0.0.1; the kind says in `speak` what is said."""

    host = "localhost"
    path = "/"

    def __init__(self, *, tls: ssl.SSLContext | None = None, **options: Any) -> None:
        """`options` are those of the server, such as `subprotocols`."""
        self.handshakes: list[Request] = []
        self.refusal: int | None = None
        """Status with which handshakes are answered."""
        self.open: set[ServerConnection] = set()
        self.port = 0
        self._tls = tls
        self._options = options
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @abstractmethod
    async def speak(self, client: ServerConnection) -> None:
        """Serve one connection; that it closes is no failure."""

    @property
    def address(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://{self.host}:{self.port}{self.path}"

    @property
    def headers(self) -> list[Mapping[str, str]]:
        """Of each handshake, names in lower case."""
        return [{name.lower(): value for name, value in each.headers.raw_items()} for each in self.handshakes]

    async def start(self) -> None:
        """Listen, after a stop on the same port."""
        self._server = await serve(
            self._meet,
            "127.0.0.1",
            self.port,
            ssl=self._tls,
            process_request=self._greet,
            close_timeout=0.2,
            **self._options,
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

    def _greet(self, client: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        status = self.refusal
        if status is None:
            return None
        response = client.respond(status, "no\n")
        response.headers["Location"] = self.address + "/elsewhere"
        return response

    async def _meet(self, client: ServerConnection) -> None:
        self.open.add(client)
        try:
            await self.speak(client)
        except ConnectionClosed:
            pass
        finally:
            self.open.discard(client)
