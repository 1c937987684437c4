"""REST keeps every promise of the connector contract, over both HTTP engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from tests.connectors.conformance import SECRET, HeadersConformance, World
from tests.connectors.http_world import HANG, HttpWorld, Received, json_response, response

product = rest("catalog").get("/products/{id}")


class RestWorld(World):
    """One product behind a real HTTP server."""

    expected = {"id": 7, "title": "Tin robot"}

    def __init__(self, http: HttpWorld, engine: str) -> None:
        self.http = http
        self.engine = engine
        http.answer = lambda _: json_response(self.expected)

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        limits: dict[str, Any] = {} if max_reply_size is None else {"max_reply_size": max_reply_size}
        address = f"http://127.0.0.1:{port or self.http.port}"
        return connect("catalog", Options(address=address, engine=self.engine, **limits))

    def call(self) -> Call:
        headers = {"authorization": f"Bearer {SECRET}"}
        return Call(operation=product.operation, arguments={"id": 7}, headers=headers)

    def hang(self) -> None:
        self.http.answer = lambda _: HANG

    def fail(self) -> None:
        self.http.answer = self._fail

    def garble(self) -> None:
        self.http.answer = lambda _: response(b'{"id": 7, "tit', content_type="application/json")

    def is_hanging(self) -> bool:
        return self.http.hanging > 0

    async def hung_up(self) -> bool:
        return self.http.hung_up > 0

    async def received_header(self, name: str) -> str | None:
        return self.http.requests[-1].headers.get(name)

    def _fail(self, request: Received) -> Any:
        echoed = request.headers.get("authorization", "")
        return json_response({"error": f"no luck with {echoed}"}, status=500)


@pytest.fixture(params=["asyncio", "httpx"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[RestWorld]:
    async with HttpWorld() as http:
        yield RestWorld(http, request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
