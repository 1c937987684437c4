"""All six upstreams together, for `bff demo` and the tests: on fixed or free ports, stopped and started one by one."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from demo.catalog.server import server as catalog_server
from demo.control import Control
from demo.control_server import control_server
from demo.data import make_data
from demo.orders.server import OrdersServer
from demo.pricing.server import PricingServer
from demo.reviews.server import server as reviews_server
from demo.ticker.server import TickerServer
from demo.warehouse.server import server as warehouse_server

NAMES = ("catalog", "pricing", "warehouse", "reviews", "ticker", "orders")
_ADDRESSES = {
    "catalog": ("CATALOG_URL", "http://{host}:{port}"),
    "pricing": ("PRICING_ADDRESS", "{host}:{port}"),
    "warehouse": ("WAREHOUSE_URL", "http://{host}:{port}/"),
    "reviews": ("REVIEWS_URL", "http://{host}:{port}/graphql"),
    "ticker": ("TICKER_URL", "ws://{host}:{port}"),
    "control": ("CONTROL_URL", "http://{host}:{port}/control"),
}
PORTS = {
    name: 9001 + index for index, name in enumerate(("catalog", "pricing", "warehouse", "reviews", "ticker", "control"))
}
"""The ports of `bff demo`, which are the defaults of the shop's bff.yaml."""
_numbers = itertools.count(1)


class _Server(Protocol):
    async def start(self, host: str, port: int = 0) -> int: ...

    async def stop(self) -> None: ...


class Shop:
    """The running upstreams."""

    def __init__(self, host: str, *, tick: float = 1.0, broker: str | None = None) -> None:
        """`tick` is the time between live prices, in seconds; `broker` is the queue's address, in memory by default."""
        self.host = host
        self.controls = {name: Control() for name in NAMES}
        self.addresses: dict[str, str] = {}
        """The addresses of the upstreams, by the variable that bff.yaml reads."""
        self.taken: dict[str, int] = {}
        """Ports that were wanted and in use, by the variable whose address has a free port instead."""
        data = make_data()
        self._servers: dict[str, _Server] = {
            "catalog": catalog_server(data, self.controls["catalog"]),
            "pricing": PricingServer(data, self.controls["pricing"], tick),
            "warehouse": warehouse_server(data, self.controls["warehouse"]),
            "reviews": reviews_server(data, self.controls["reviews"]),
            "ticker": TickerServer(data, self.controls["ticker"], tick),
            "control": control_server(self.controls),
        }
        address = broker or f"memory://shop-{next(_numbers)}"
        self._orders = OrdersServer(address, self.controls["orders"], min(tick, 0.3))

    async def start(self, name: str, port: int = 0) -> None:
        """Start one upstream; after a stop, on the port it had."""
        if name == "orders":
            self.addresses["ORDERS_URL"] = await self._orders.start()
            return
        variable, address = _ADDRESSES[name]
        if port and _is_in_use(self.host, port):
            self.taken[variable], port = port, 0
        port = await self._servers[name].start(self.host, port)
        self.addresses[variable] = address.format(host=self.host, port=port)

    async def stop(self, name: str) -> None:
        """Stop one upstream at once: its port is closed and its connections break."""
        await (self._orders if name == "orders" else self._servers[name]).stop()

    async def start_all(self, *, fixed: bool = False) -> None:
        """Start everything, on the ports of `PORTS` where they are free if `fixed`, else on free ones."""
        ports = PORTS if fixed else {}
        await asyncio.gather(*(self.start(name, ports.get(name, 0)) for name in (*NAMES, "control")))

    async def stop_all(self) -> None:
        """Stop everything."""
        await asyncio.gather(*(self.stop(name) for name in (*NAMES, "control")))


def _is_in_use(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
        return False


@asynccontextmanager
async def open_shop(
    host: str = "127.0.0.1", *, tick: float = 1.0, broker: str | None = None, fixed: bool = False
) -> AsyncIterator[Shop]:
    """The running shop, on the ports of `PORTS` if `fixed`; it stops at the end of the block."""
    shop = Shop(host, tick=tick, broker=broker)
    try:
        await shop.start_all(fixed=fixed)
        yield shop
    finally:
        await shop.stop_all()
