"""SOAP keeps every promise of the connector contract, over both HTTP engines."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from connectors.contract import Call, Connector
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.connectors.conformance import SECRET, HeadersConformance, World
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, response
from tests.connectors.soap.world import WSDL, answered

length = soap("warehouse").call("Measure", message="{text}", headers={"Session": {"Token": SECRET}})
ANSWER = '<t:Length xmlns:t="urn:warehouse:types">5</t:Length>'


class SoapWorld(World):
    """One operation behind a real HTTP server."""

    expected = 5

    def __init__(self, http: HttpWorld, engine: str) -> None:
        self.http = http
        self.engine = engine
        http.answer = lambda _: answered(ANSWER)

    def connector(self, *, port: int | None = None, max_reply_size: int | None = None) -> Connector:
        limits: dict[str, Any] = {} if max_reply_size is None else {"max_reply_size": max_reply_size}
        endpoint = f"http://127.0.0.1:{port or self.http.port}/soap"
        user = {"username": "gateway", "password": SECRET}
        return connect("warehouse", Options(address=WSDL, endpoint=endpoint, engine=self.engine, **user, **limits))

    def call(self) -> Call:
        headers = {"authorization": f"Bearer {SECRET}"}
        return Call(operation=length.operation, arguments={"text": "robot"}, headers=headers)

    def hang(self) -> None:
        self.http.answer = lambda _: HANG

    def fail(self) -> None:
        self.http.answer = self._fail

    def garble(self) -> None:
        self.http.answer = lambda _: response(answered(ANSWER).data[60:-20], content_type="text/xml")

    def is_hanging(self) -> bool:
        return self.http.hanging > 0

    async def hung_up(self) -> bool:
        return self.http.hung_up > 0

    async def received_header(self, name: str) -> str | None:
        return self.http.requests[-1].headers.get(name)

    def _fail(self, request: Received) -> Say:
        told = f"{request.headers.get('authorization', '')} {request.body.decode('utf-8', 'replace')}"
        told = told.replace("&", "&amp;").replace("<", "&lt;")
        fault = f"<faultcode>s:Server</faultcode><faultstring>no {told}</faultstring><detail><at>{told}</at></detail>"
        return answered(f"<s:Fault>{fault}</s:Fault>", status=500)


@pytest.fixture(params=["asyncio", "httpx"])
async def world(request: pytest.FixtureRequest) -> AsyncGenerator[SoapWorld]:
    async with HttpWorld() as http:
        yield SoapWorld(http, request.param)


class TestConformance(HeadersConformance):
    """Everything in HeadersConformance."""
