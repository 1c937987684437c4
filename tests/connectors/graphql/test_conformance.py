"""GraphQL keeps every promise of the connector contract, over both HTTP engines, merging or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Connector
from connectors.graphql.connector import connect
from connectors.graphql.endpoints import graphql
from connectors.graphql.options import Options
from tests.connectors.conformance import REASON, HeadersConformance
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_conformance import HttpConformanceWorld
from tests.connectors.http_world import Received, Say


class GraphqlWorld(HttpConformanceWorld):
    """One product behind a real GraphQL server."""

    expected = {"id": "p1", "title": "Title of p1"}
    endpoint = graphql("shop").query("product(id: $id)", fields="id title", types={"id": "ID!"})
    arguments = {"id": "p1"}

    def connect(self, port: int, options: dict[str, Any]) -> Connector:
        return connect("shop", Options(address=f"http://127.0.0.1:{port}/graphql", **options))

    def say_failure(self, request: Received) -> Say:
        error = {"message": f"no luck with {request.headers.get('authorization', '')}", "path": ["product"]}
        return graphql_response({"data": {"product": None}, "errors": [error]})

    def say_refusal(self) -> tuple[Say, str | int]:
        error = {"message": "no", "path": ["product"], "extensions": {"code": "STOCK", "why": REASON}}
        return graphql_response({"data": {"product": None}, "errors": [error]}), "STOCK"

    def half_an_answer(self) -> tuple[bytes, str]:
        return b'{"data": {"product": {"id', "application/json"


@pytest.fixture(
    params=[{"engine": "asyncio"}, {"engine": "httpx"}, {"merge": False}], ids=["asyncio", "httpx", "unmerged"]
)
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[GraphqlWorld]:
    async with Shop() as shop:
        yield GraphqlWorld(shop, **request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
