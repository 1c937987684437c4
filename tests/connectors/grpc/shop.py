"""The test upstream: a real grpc.aio server for shop_test.proto, with switches for misbehaviour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc import aio
from grpc_reflection.v1alpha import reflection

from connectors.grpc.connector import GrpcConnector, connect
from connectors.grpc.options import Options
from connectors.grpc.schema_descriptors import build_pool, compile_protos
from tests.connectors.conformance import REASON

PROTO = Path(__file__).with_name("shop_test.proto")
FILES = compile_protos("shop", [PROTO], [])
POOL: DescriptorPool = build_pool("shop", FILES)
PRICES = {"A": 100, "B": 250, "C": 999}


def message_class(name: str) -> Any:
    """The class of a message of the test proto, from the tests' own pool."""
    return GetMessageClass(POOL.FindMessageTypeByName(name))


class Shop(grpc.GenericRpcHandler):
    """Answers every method of shop.Pricing and remembers what it saw."""

    descriptor_set: Path
    """The compiled proto, written once per test session by conftest.py."""

    def __init__(self) -> None:
        self.mode = "fine"
        self.port = 0
        self.metadata: dict[str, Any] = {}
        self.requests: list[Any] = []
        self.sent_ticks = 0
        self.cancelled = asyncio.Event()
        self.trailing: tuple[tuple[str, Any], ...] = ()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def connector(self, **options: Any) -> GrpcConnector:
        """A connector to this shop, by its descriptor set unless said otherwise."""
        given = {"address": self.address, **options}
        if not given.keys() & {"reflection", "descriptor_set", "protos"}:
            given["descriptor_set"] = str(self.descriptor_set)
        return connect("shop", Options.model_validate(given))

    def service(self, details: Any) -> Any:
        service, _, name = details.method.lstrip("/").partition("/")
        if service != "shop.Pricing":
            return None
        method = POOL.FindServiceByName(service).methods_by_name[name]
        handler = getattr(self, name)
        make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
        return make(
            handler,
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda reply: reply if isinstance(reply, bytes) else reply.SerializeToString(),
        )

    async def GetPrices(self, request: Any, context: Any) -> Any:
        self.metadata = dict(context.invocation_metadata())
        self.requests.append(request)
        if self.mode == "hang":
            await self._hang()
        if self.mode == "fail":
            await context.abort(grpc.StatusCode.INTERNAL, "the price list is on fire")
        if self.mode == "refuse":
            help = b"\x0a" + bytes([2 + len(REASON)]) + b"\x0a" + bytes([len(REASON)]) + REASON.encode()
            packed = b"\x0a\x23type.googleapis.com/google.rpc.Help\x12" + bytes([len(help)]) + help
            context.set_trailing_metadata((("grpc-status-details-bin", b"\x1a" + bytes([len(packed)]) + packed),))
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no")
        if self.mode == "garble":
            return b"\xff\xff\xff\xff"
        if self.mode == "gzip":
            context.set_compression(grpc.Compression.Gzip)
        await context.send_initial_metadata((("x-shop", "one"), ("x-raw-bin", b"\x01\x02")))
        context.set_trailing_metadata((("x-took", "3"),))
        prices = [{"sku": sku, "amount": PRICES[sku]} for sku in request.skus if sku in PRICES]
        return message_class("shop.GetPricesReply")(prices=prices)

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:
        context.add_done_callback(lambda _: self.cancelled.set())
        tick = message_class("shop.Tick")
        for number in range(request.ticks or 1_000_000):
            self.sent_ticks += 1
            yield tick(sku=request.sku, amount=number, padding=b"." * (100_000 if self.mode == "heavy" else 0))
        if self.mode == "hang":
            await asyncio.sleep(60)
        if self.mode == "fail":
            await context.abort(grpc.StatusCode.ABORTED, "no more ticks")

    async def Echo(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        return request

    async def Fail(self, request: Any, context: Any) -> Any:
        context.set_trailing_metadata(self.trailing)
        code = next(code for code in grpc.StatusCode if code.value[0] == request.code)
        await context.abort(code, request.details)

    async def Time(self, request: Any, context: Any) -> Any:
        return message_class("google.protobuf.Timestamp")(seconds=1, nanos=5)

    async def _hang(self) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@asynccontextmanager
async def serving(
    shop: Shop, *more: grpc.GenericRpcHandler, port: int = 0, reflect: bool = False, credentials: Any = None
) -> AsyncIterator[Shop]:
    """Run the shop on a free (or the given) port of 127.0.0.1 until the block ends."""
    server = aio.server()
    server.add_generic_rpc_handlers((shop, *more))
    if reflect:
        reflection.enable_server_reflection(["shop.Pricing", reflection.SERVICE_NAME], server, pool=POOL)
    address = f"127.0.0.1:{port}"
    shop.port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    await server.start()
    try:
        yield shop
    finally:
        await server.stop(None)
