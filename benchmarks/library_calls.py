"""Lists of 100 batched over gRPC and over SOAP: a whole query in process, against a loop of the library's call alone.

The library's call is grpcio's with its messages made and parsed, and zeep's with its own reading of the reply. The
query has everything but HTTP with the frontend: policies, plan, connector, shapes and the JSON of the answer.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import zeep
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from zeep.proxy import AsyncServiceProxy

from bff.app import Service, load_project
from bff.contract import Answer, Request
from bff.http.responses.encode import encode

FOLDER = Path(__file__).parent / "gateway"
QUERIES = {
    "grpc": "{ products { sku price { amount currency was } } }",
    "soap": "{ products { sku stock { quantity location } } }",
}
EACH = 100
Work = Callable[[], Awaitable[Any]]


async def measure(rounds: int, kind: str) -> dict[str, list[float]]:
    """Milliseconds of CPU for one query and for one call of the library, a value for each round."""
    project = load_project(FOLDER / "calls.yaml")
    skus = _skus()
    async with Service(project).running() as service:
        request = Request(frontend="bench", query=QUERIES[kind])

        async def whole() -> bytes:
            answer = await service.generation.answer(request)
            assert isinstance(answer, Answer)
            return encode(answer)

        call = await (_grpc_call(skus) if kind == "grpc" else _soap_call(skus))
        await _ready(service)
        answer = await whole()
        if answer.count(b'"sku"') != len(skus) or b'"errors"' in answer:
            raise AssertionError(f"another answer: {answer[:300]!r}")
        taken: dict[str, list[float]] = {"whole": [], "library": []}
        for turn in range(rounds + 1):
            for name, work in (("whole", whole), ("library", call)):
                spent = await _timed(work)
                if turn:
                    taken[name].append(spent)
    return taken


def _skus() -> list[str]:
    import calls_schema  # type: ignore[import-not-found]  # load_project put its folder on the path

    return list(calls_schema.SKUS)


async def _ready(service: Service) -> None:
    """Return when both upstreams are known: finding out takes CPU, in threads, that is no part of a query."""
    async with asyncio.timeout(20):
        while service.generation.readiness():  # noqa: ASYNC110 - it has no event to wait for
            await asyncio.sleep(0.1)


async def _timed(work: Work) -> float:
    begin = time.process_time()
    for _ in range(EACH):
        await work()
    return (time.process_time() - begin) / EACH * 1e3


async def _grpc_call(skus: list[str]) -> Work:
    address = os.environ["PRICING_ADDRESS"]
    with grpc.insecure_channel(address) as channel:
        known = ProtoReflectionDescriptorDatabase(channel)
        pool = descriptor_pool.DescriptorPool()
        for name in ("google/protobuf/timestamp.proto", "pricing.proto"):
            pool.Add(descriptor_pb2.FileDescriptorProto.FromString(known.FindFileByName(name).SerializeToString()))
    asked, told = (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"shop.{name}"))
        for name in ("PricesRequest", "PricesReply")
    )
    send: Any = grpc.aio.insecure_channel(address).unary_unary(
        "/shop.Pricing/GetPrices",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=told.FromString,
    )

    async def call() -> Any:
        return await send(asked(skus=skus))

    return call


async def _soap_call(skus: list[str]) -> Work:
    client: Any = zeep.AsyncClient(str(FOLDER / "stock.wsdl"))  # type: ignore[no-untyped-call]  # untyped upstream
    binding = client.wsdl.bindings["{urn:bench}Stocks"]
    address = os.environ["WAREHOUSE_URL"]
    service = AsyncServiceProxy(client, binding, address=address)  # type: ignore[no-untyped-call]  # as above

    async def call() -> Any:
        return await service.GetStocks(sku=skus)

    return call
