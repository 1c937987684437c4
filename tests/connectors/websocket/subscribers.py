"""Endpoints, messages and subscribers for tests of streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from connectors.contract import Call, Event
from connectors.endpoint import StreamEndpoint
from connectors.websocket.connector import WebsocketConnector
from connectors.websocket.endpoints import websocket

ticker = websocket("ticker")
ticks = ticker.subscribe({"op": "sub", "sym": "{sku}"}, unsubscribe={"op": "unsub", "sym": "{sku}"}, topic="sym")
latest = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="sym", last=True)
SUB_A, UNSUB_A = {"op": "sub", "sym": "A"}, {"op": "unsub", "sym": "A"}
SUB_B = {"op": "sub", "sym": "B"}
price = ticker.request({"op": "price", "sku": "{sku}"}, cancel={"op": "cancel", "sku": "{sku}"}, error="error")
ask = websocket("ticker").request({"op": "ask"}, cancel={"op": "cancel"})
QUESTION = Call(operation=ask.operation)
QUICK = {"initial_delay": "20ms", "max_delay": "50ms", "give_up_after": "30s"}


def tick(sku: str, amount: int) -> dict[str, Any]:
    return {"sym": sku, "amount": amount}


def watch(connector: WebsocketConnector, sku: str, endpoint: StreamEndpoint = ticks) -> AsyncGenerator[Event, None]:
    return connector.stream(Call(operation=endpoint.operation, arguments={"sku": sku}))


async def viewing(stream: AsyncGenerator[Event, None], into: list[Any], pause: float = 0.0) -> None:
    """Read a stream until it ends."""
    async with aclosing(stream):
        async for event in stream:
            into.append(event.data["amount"])
            await asyncio.sleep(pause)


async def answered(is_so: bool) -> bool:
    """For `eventually`."""
    return is_so


async def stop(viewers: list[asyncio.Task[None]]) -> None:
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
