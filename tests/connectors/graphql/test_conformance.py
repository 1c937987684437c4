"""GraphQL keeps every promise of the connector contract, over both HTTP engines, merging or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.graphql.connector import connect
from connectors.graphql.endpoints import graphql
from connectors.graphql.options import Options
from tests.connectors.conformance import SECRET, HeadersConformance, World
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import HANG, Received, response

product = graphql("shop").query("product(id: $id)", fields="id title", types={"id": "ID!"})


class GraphqlWorld(World):
    """One product behind a real GraphQL server."""

    expected = {"id": "p1", "title": "Title of p1"}

    def __init__(self, shop: Shop, options: dict[str, Any]) -> None:
        self.shop = shop
        self.options = options

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        limits: dict[str, Any] = {} if max_reply_size is None else {"max_reply_size": max_reply_size}
        address = f"http://127.0.0.1:{port or self.shop.port}/graphql"
        return connect("shop", Options(address=address, **self.options, **limits))

    def call(self) -> Call:
        headers = {"authorization": f"Bearer {SECRET}"}
        return Call(operation=product.operation, arguments={"id": "p1"}, headers=headers)

    def hang(self) -> None:
        self.shop.answer = lambda _: HANG

    def fail(self) -> None:
        self.shop.answer = self._fail

    def garble(self) -> None:
        self.shop.answer = lambda _: response(b'{"data": {"product": {"id', content_type="application/json")

    def is_hanging(self) -> bool:
        return self.shop.hanging > 0

    async def hung_up(self) -> bool:
        return self.shop.hung_up > 0

    async def received_header(self, name: str) -> str | None:
        return self.shop.requests[-1].headers.get(name)

    def _fail(self, request: Received) -> Any:
        echoed = request.headers.get("authorization", "")
        error = {"message": f"no luck with {echoed}", "path": ["product"]}
        return graphql_response({"data": {"product": None}, "errors": [error]})


@pytest.fixture(
    params=[{"engine": "asyncio"}, {"engine": "httpx"}, {"merge": False}], ids=["asyncio", "httpx", "unmerged"]
)
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[GraphqlWorld]:
    async with Shop() as shop:
        yield GraphqlWorld(shop, request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
