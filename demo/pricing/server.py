"""The pricing service: types compiled from its proto at start, reflection and health on."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_tools import protoc

from demo.control import Control
from demo.data import Data

_PROTO = Path(__file__).with_name("pricing.proto")
SERVICE = "shop.Pricing"


def _load_descriptors() -> descriptor_pool.DescriptorPool:
    """The descriptors of pricing.proto and of what it imports."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pricing.pb"
        include = Path(grpc_tools.__file__).parent / "_proto"
        arguments = ["protoc", f"-I{_PROTO.parent}", f"-I{include}", "--include_imports"]
        if protoc.main([*arguments, f"--descriptor_set_out={out}", _PROTO.name]):
            raise RuntimeError("pricing.proto does not compile")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


class PricingServer:
    """Serves on one port; the same port again after a stop."""

    def __init__(self, data: Data, control: Control, interval: float) -> None:
        """`interval` is the time between price changes, in seconds."""
        self._products = {product.sku: product for product in data.products}
        self._control = control
        self._interval = interval
        self.port = 0
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str, port: int = 0) -> int:
        """Listen and return the port."""
        pool = await asyncio.to_thread(_load_descriptors)
        messages = {
            name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.{name}"))
            for name in ("PricesRequest", "PricesReply", "WatchRequest", "Price")
        }
        self._price, self._prices = messages["Price"], messages["PricesReply"]
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "GetPrices": grpc.unary_unary_rpc_method_handler(
                self._get_prices, messages["PricesRequest"].FromString, lambda reply: reply.SerializeToString()
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                self._watch, messages["WatchRequest"].FromString, lambda price: price.SerializeToString()
            ),
        }
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        checks = health.aio.HealthServicer()
        await checks.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        health_pb2_grpc.add_HealthServicer_to_server(checks, server)
        reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME, health.SERVICE_NAME), server, pool=pool)
        self.port = server.add_insecure_port(f"{host}:{port or self.port}")
        await server.start()
        self._server = server
        return self.port

    async def stop(self) -> None:
        """Close the port and break every call."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    async def _get_prices(self, request: Any, context: Any) -> Any:
        await self._fail_as_set("GetPrices", len(request.skus), context)
        return self._prices(prices=[self._make_price(sku, 0) for sku in request.skus if sku in self._products])

    async def _watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        await self._fail_as_set("Watch", None, context)
        if request.sku not in self._products:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no price for {request.sku}")
        change = 0
        while True:
            yield self._make_price(request.sku, change)
            change += 1
            await asyncio.sleep(self._interval)

    async def _fail_as_set(self, operation: str, size: int | None, context: Any) -> None:
        failure = await self._control.record_call(operation, size)
        if failure == "error":
            await context.abort(grpc.StatusCode.INTERNAL, "the database at 10.1.2.3 is gone")
        elif failure == "garbage":
            await context.abort(grpc.StatusCode.DATA_LOSS, "unreadable")
        elif failure == "drop":
            await context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset by 10.1.2.3")

    def _make_price(self, sku: str, change: int) -> Any:
        """A price, `change` steps after the first; prices go round, so that no stream runs away."""
        product = self._products[sku]
        price: Any = self._price(sku=sku, amount=product.amount + change % 20, currency="EUR")
        if product.was is not None:
            price.was = product.was
        price.valid_until.FromSeconds(int(time.time()) + 3600)
        return price
