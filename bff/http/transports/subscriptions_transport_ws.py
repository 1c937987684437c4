"""The older subprotocol `graphql-ws`, as subscriptions-transport-ws and the clients of its time speak it.

Messages: PROTOCOL.md of subscriptions-transport-ws. What both protocols share is in `graphql_transport_ws`, with the
same limits and close codes. Unlike the reference server, this one runs no operation before connection_init.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from bff.contract import Answer, Increments, Refused
from bff.http.asgi import ClientGone
from bff.http.responses.encode import to_json
from bff.http.transports.graphql_transport_ws import CloseSocket, Connection

LEGACY = "graphql-ws"


class LegacyConnection(Connection):
    """One accepted websocket with a client of the older kind."""

    NEXT = "data"
    _keep_alive_task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Cancel the keep-alive messages and all operations, and wait for them."""
        if self._keep_alive_task is not None:
            self._keep_alive_task.cancel()
            await asyncio.wait({self._keep_alive_task})
        await super().close()

    async def _handle_message(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "start":
                await self._complete_same_id(message.get("id"))
                await self._start_operation(message)
            case "stop":
                await self._complete_operation(message)
            case "connection_init":
                await self._acknowledge(message)
                self._keep_alive_task = asyncio.ensure_future(self._send_keep_alives())
            case "connection_terminate":
                raise CloseSocket(1000, "Goodbye")
            case other:
                raise CloseSocket(4400, f"Invalid message: {other[:40]!a} is not a message type of clients")

    async def _complete_same_id(self, id: Any) -> None:  # noqa: A002 - the protocol's word
        """End the operation that has this id: these clients use an id again to replace its operation."""
        if isinstance(id, str) and id:
            await self._complete_operation({"type": "start", "id": id})

    async def _send_keep_alives(self) -> None:
        try:
            while True:
                await self._send_message({"type": "ka"})
                await self._timeouts.clock.sleep(self._timeouts.legacy_keep_alive)
        except ClientGone:
            return

    def _choose_increments(self, headers: Mapping[str, str]) -> Increments | None:
        """None: this protocol has no parts."""
        return None

    async def _refuse_payload(self, id: str, refusal: Refused) -> None:  # noqa: A002 - the protocol's word
        """Report the mistake as the operation's error, as the reference server does."""
        await self._send_errors(id, refusal.answer())

    def _encode_errors(self, answer: Answer) -> orjson.Fragment:
        """Clients of this protocol read one error, or several under `errors`."""
        return orjson.Fragment(to_json({"message": answer.errors[0]["message"], "errors": list(answer.errors)}))
