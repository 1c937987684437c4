"""The older subprotocol `graphql-ws`, as subscriptions-transport-ws and the clients of its time speak it.

Messages: PROTOCOL.md of subscriptions-transport-ws. What both share is in `graphql_transport_ws`, with
the same limits and close codes; unlike its inventors' server, this one lets nobody ask before connection_init.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bff.contract import Answer
from bff.http.asgi import ClientGone
from bff.http.transports.graphql_transport_ws import CloseSocket, Connection

LEGACY = "graphql-ws"
KEEP_ALIVE = 12.0
"""Seconds between two `ka` messages."""


class LegacyConnection(Connection):
    """One accepted websocket with a client of the older kind."""

    NEXT = "data"
    INCREMENTS = None
    _keeping_alive: asyncio.Task[None] | None = None

    async def end(self) -> None:
        """Cancel what is under way and wait for it."""
        if self._keeping_alive is not None:
            self._keeping_alive.cancel()
            await asyncio.wait({self._keeping_alive})
        await super().end()

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "start":
                await self._complete_same(message.get("id"))
                await self._subscribe(message)
            case "stop":
                await self._complete(message)
            case "connection_init":
                await self._acknowledge(message)
                self._keeping_alive = asyncio.ensure_future(self._keep_alive())
            case "connection_terminate":
                raise CloseSocket(1000, "Goodbye")
            case other:
                raise CloseSocket(4400, f"Invalid message: no message of clients has the type {other[:40]!a}")

    async def _complete_same(self, id: Any) -> None:  # noqa: A002 - the protocol's word
        """An id that is used again ends the operation that had it, as these clients expect."""
        if isinstance(id, str):
            await self._complete({"id": id})

    async def _keep_alive(self) -> None:
        try:
            while True:
                await self._say({"type": "ka"})
                await asyncio.sleep(KEEP_ALIVE)
        except ClientGone:
            return

    async def _say_error(self, id: str, answer: Answer) -> None:  # noqa: A002 - the protocol's word
        """These clients read one error, or several under `errors`."""
        payload = {"message": answer.errors[0]["message"], "errors": list(answer.errors)}
        await self._say({"id": id, "type": "error", "payload": payload})
