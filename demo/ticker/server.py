"""The ticker: sends the price of each watched product at an interval."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from demo.control import Control
from demo.data import Data

MAX_WATCHED = 200


class TickerServer:
    """Serves on one port; the same port again after a stop."""

    def __init__(self, data: Data, control: Control, interval: float) -> None:
        """`interval` is the time between ticks, in seconds."""
        self._products = {product.sku: product for product in data.products}
        self._control = control
        self._interval = interval
        self.port = 0
        self._server: Server | None = None

    async def start(self, host: str, port: int = 0) -> int:
        """Listen and return the port."""
        self._server = await serve(self._serve_client, host, port or self.port, max_size=64_000, close_timeout=0.2)
        self.port = int(next(iter(self._server.sockets)).getsockname()[1])
        return self.port

    async def stop(self) -> None:
        """Close the port and break every connection."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve_client(self, client: ServerConnection) -> None:
        watched: dict[str, asyncio.Task[None]] = {}
        try:
            async for text in client:
                await self._handle_message(client, watched, text)
        except ConnectionClosed:
            pass
        finally:
            for task in watched.values():
                task.cancel()
            await asyncio.gather(*watched.values(), return_exceptions=True)

    async def _handle_message(
        self, client: ServerConnection, watched: dict[str, asyncio.Task[None]], text: str | bytes
    ) -> None:
        try:
            message: Any = msgspec.json.decode(text)
            op, sku = message["op"], message["sym"]
        except (msgspec.DecodeError, KeyError, TypeError):
            await _send_message(client, {"type": "error", "message": "send an op and a sym"})
            return
        failure = await self._control.record_call(str(op))
        if failure == "drop":
            client.transport.abort()
        elif failure == "garbage":
            await client.send("{no json")
        elif failure == "error" or sku not in self._products:
            await _send_message(client, {"type": "error", "message": f"no prices for {str(sku)[:40]}"})
        elif op == "sub" and sku not in watched and len(watched) < MAX_WATCHED:
            watched[sku] = asyncio.create_task(self._send_ticks(client, sku))
        elif op == "unsub" and sku in watched:
            watched.pop(sku).cancel()

    async def _send_ticks(self, client: ServerConnection, sku: str) -> None:
        change = 0
        try:
            while True:
                amount = self._products[sku].amount + change % 20
                now = datetime.now(UTC).isoformat()
                data = {"sku": sku, "amount": amount, "currency": "EUR", "at": now}
                await _send_message(client, {"type": "tick", "sym": sku, "data": data})
                change += 1
                await asyncio.sleep(self._interval)
        except ConnectionClosed:
            return


async def _send_message(client: ServerConnection, message: Any) -> None:
    await client.send(msgspec.json.encode(message), text=True)
