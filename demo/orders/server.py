"""The orders service: takes orders from a topic, publishes their progress, and answers shipping quotes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.queue.brokers import Broker, Message, open_broker
from connectors.queue.brokers.responder import respond
from demo.control import Control

STEPS = ("PLACED", "PAID", "PACKED", "SHIPPED")
_ABROAD = {"DE": (390, 2), "FR": (590, 3), "NL": (490, 2)}


class OrdersServer:
    """Consumes and publishes messages until stopped."""

    def __init__(self, address: str, control: Control, interval: float) -> None:
        """`interval` is the time between two steps of an order, in seconds."""
        self._address = address
        self._control = control
        self._interval = interval
        self._broker: Broker | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Begin to work and return the broker's address."""
        self._broker = open_broker(self._address)
        orders = await self._broker.subscribe("orders.placed", group="orders-service")
        self._spawn(self._take_orders(orders))
        self._spawn(respond(self._broker, "shipping.quote", self._quote_shipping))
        await asyncio.sleep(0)
        return self._address

    async def stop(self) -> None:
        """Leave the broker."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._broker is not None:
            await self._broker.close()
            self._broker = None

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_orders(self, orders: Any) -> None:
        async for message in orders:
            if await self._control.record_call("orders.placed") is None:
                order = msgspec.json.decode(message.body)
                self._spawn(self._publish_progress(str(order["id"])))

    async def _publish_progress(self, order: str) -> None:
        for step in STEPS:
            event = {"id": order, "status": step, "at": datetime.now(UTC).isoformat()}
            assert self._broker is not None
            await self._broker.publish(Message(topic="orders.updates", body=msgspec.json.encode(event), key=order))
            await asyncio.sleep(self._interval)

    async def _quote_shipping(self, message: Message) -> bytes:
        failure = await self._control.record_call("shipping.quote")
        if failure is not None:
            return b"{no json"
        wanted = msgspec.json.decode(message.body)
        base, days = _ABROAD.get(str(wanted.get("country")), (990, 6))
        amount = base + int(wanted.get("weight") or 0) // 1000 * 100
        return msgspec.json.encode({"amount": amount, "currency": "EUR", "days": days})
