"""REST keeps every promise of the connector contract, over both HTTP engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Connector
from connectors.rest.connector import connect
from connectors.rest.endpoints import rest
from connectors.rest.options import Options
from tests.connectors.conformance import REASON, HeadersConformance
from tests.connectors.http_conformance import HttpConformanceWorld
from tests.connectors.http_world import HttpWorld, Received, Say, json_response


class RestWorld(HttpConformanceWorld):
    """One product behind a real HTTP server."""

    expected = {"id": 7, "title": "Tin robot"}
    endpoint = rest("catalog").get("/products/{id}")
    arguments = {"id": 7}

    def connect(self, port: int, options: dict[str, Any]) -> Connector:
        return connect("catalog", Options(address=f"http://127.0.0.1:{port}", **options))

    def say_failure(self, request: Received) -> Say:
        return json_response({"error": f"no luck with {request.headers.get('authorization', '')}"}, status=500)

    def say_refusal(self) -> tuple[Say, str | int]:
        problem = {"title": "Conflict", "detail": REASON}
        return json_response(problem, status=409, content_type="application/problem+json"), 409

    def half_an_answer(self) -> tuple[bytes, str]:
        return b'{"id": 7, "tit', "application/json"


@pytest.fixture(params=["asyncio", "httpx"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[RestWorld]:
    async with HttpWorld(answer=lambda _: json_response(RestWorld.expected)) as http:
        yield RestWorld(http, engine=request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
