"""SOAP keeps every promise of the connector contract, over both HTTP engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Connector
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.connectors.conformance import REASON, SECRET, HeadersConformance
from tests.connectors.http_conformance import HttpConformanceWorld
from tests.connectors.http_world import HttpWorld, Received, Say
from tests.connectors.soap.world import WSDL, answered

ANSWER = '<t:Length xmlns:t="urn:warehouse:types">5</t:Length>'


class SoapWorld(HttpConformanceWorld):
    """One operation behind a real HTTP server."""

    expected = 5
    endpoint = soap("warehouse").call("Measure", message="{text}", headers={"Session": {"Token": SECRET}})
    arguments = {"text": "robot"}

    def connect(self, port: int, options: dict[str, Any]) -> Connector:
        user = {"username": "gateway", "password": SECRET}
        return connect("warehouse", Options(address=WSDL, endpoint=f"http://127.0.0.1:{port}/soap", **user, **options))

    def say_failure(self, request: Received) -> Say:
        told = f"{request.headers.get('authorization', '')} {request.body.decode('utf-8', 'replace')}"
        told = told.replace("&", "&amp;").replace("<", "&lt;")
        fault = f"<faultcode>s:Server</faultcode><faultstring>no {told}</faultstring><detail><at>{told}</at></detail>"
        return answered(f"<s:Fault>{fault}</s:Fault>", status=500)

    def say_refusal(self) -> tuple[Say, str | int]:
        fault = (
            f"<faultcode>s:Client.Stock</faultcode><faultstring>no</faultstring><detail><why>{REASON}</why></detail>"
        )
        return answered(f"<s:Fault>{fault}</s:Fault>", status=500), "Client.Stock"

    def half_an_answer(self) -> tuple[bytes, str]:
        return answered(ANSWER).data[60:-20], "text/xml"


@pytest.fixture(params=["asyncio", "httpx"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[SoapWorld]:
    async with HttpWorld(answer=lambda _: answered(ANSWER)) as http:
        yield SoapWorld(http, engine=request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
