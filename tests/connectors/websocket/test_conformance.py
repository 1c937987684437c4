"""The websocket connector keeps every promise of the connector contract, with request() as the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.websocket.endpoints import websocket
from tests.connectors.conformance import REASON, SECRET, ConnectorConformance, World
from tests.connectors.websocket.upstream import Upstream

price = websocket("ticker").request({"op": "price", "sku": "{sku}"}, cancel={"op": "cancel"}, error="error")


class WebsocketWorld(World):
    """Prices by question and answer."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        upstream.answer = lambda asked: {"id": asked["id"], "amount": 7} if asked["op"] == "price" else None

    @property
    def expected(self) -> Any:
        return {"id": self.upstream.heard[-1]["id"], "amount": 7}

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        options: dict[str, Any] = {"handshake_headers": {"authorization": f"Bearer {SECRET}"}}
        if port is not None:
            options["address"] = f"ws://127.0.0.1:{port}"
        if max_reply_size is not None:
            options["max_reply_size"] = max_reply_size
        return self.upstream.connector(**options)

    def call(self) -> Call:
        return Call(operation=price.operation, arguments={"sku": "A"})

    def hang(self) -> None:
        self.upstream.answer = lambda asked: None

    def fail(self) -> None:
        def failing(asked: Any) -> Any:
            echoed = self.upstream.handshakes[-1].headers["authorization"]
            return {"id": asked["id"], "error": {"code": "INTERNAL", "message": f"no luck with {echoed}"}}

        self.upstream.answer = failing

    def refuse(self) -> str | int:
        self.upstream.answer = lambda asked: {"id": asked["id"], "error": {"code": "STOCK", "message": REASON}}
        return "STOCK"

    def garble(self) -> None:
        self.upstream.answer = lambda asked: '{"id": "'

    def is_hanging(self) -> bool:
        return bool(self.upstream.heard)

    async def hung_up(self) -> bool:
        asked, *later = self.upstream.heard
        return later == [{"op": "cancel", "id": asked["id"]}]


@pytest.fixture
async def world() -> AsyncGenerator[WebsocketWorld]:
    async with Upstream() as upstream:
        yield WebsocketWorld(upstream)


class TestConformance(ConnectorConformance):
    """Everything in ConnectorConformance."""

    async def test_many_calls_at_once_are_all_answered(self, world: WebsocketWorld, connector: Connector) -> None:
        """Fifty calls share the socket and each gets the answer with its own id. (Answers differ, so this one is ours.)"""
        world.upstream.answer = lambda asked: {"id": asked["id"], "sku": asked["sku"]}
        skus = [f"S-{number}" for number in range(50)]
        calls = [Call(operation=price.operation, arguments={"sku": sku}) for sku in skus]
        replies = await asyncio.gather(*map(connector.send, calls))
        assert [reply.data["sku"] for reply in replies] == skus
