"""The gRPC connector does what every connector must, with types from files and from reflection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.grpc.endpoints import grpc
from tests.connectors.conformance import SECRET, HeadersConformance, World
from tests.connectors.grpc.shop import Shop, serving

prices = grpc("shop").unary("shop.Pricing/GetPrices", {"skus": ["{sku}", "C"]})


class GrpcWorld(World):
    expected = {"prices": [{"sku": "A", "amount": 100, "was": None}, {"sku": "C", "amount": 999, "was": None}]}

    def __init__(self, shop: Shop, source: dict[str, Any]) -> None:
        self.shop = shop
        self.source = source

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        options = dict(self.source)
        if port is not None:
            options["address"] = f"127.0.0.1:{port}"
        if max_reply_size is not None:
            options["max_reply_size"] = max_reply_size
        return self.shop.connector(**options)

    def call(self) -> Call:
        return Call(operation=prices.operation, arguments={"sku": "A"}, headers={"authorization": f"Bearer {SECRET}"})

    def hang(self) -> None:
        self.shop.mode = "hang"

    def fail(self) -> None:
        self.shop.mode = "fail"

    def refuse(self) -> str | int:
        self.shop.mode = "refuse"
        return "FAILED_PRECONDITION"

    def garble(self) -> None:
        self.shop.mode = "garble"

    def is_hanging(self) -> bool:
        return bool(self.shop.requests)

    async def hung_up(self) -> bool:
        return self.shop.cancelled.is_set()

    async def received_header(self, name: str) -> str | None:
        return self.shop.metadata.get(name)


class TestConformance(HeadersConformance):
    @pytest.fixture(params=[{}, {"reflection": True}], ids=["descriptors", "reflection"])
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[World]:
        async with serving(Shop(), reflect=True) as shop:
            yield GrpcWorld(shop, request.param)
