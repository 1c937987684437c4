"""The connector: how it starts, checks and closes, and which secrets stay inside."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from connectors.contract import Call, Operation
from connectors.errors import DefinitionError, UpstreamFault, UpstreamRejected, UpstreamTimeout, UpstreamUnreachable
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.connectors.conformance import in_time
from tests.connectors.http_world import HttpWorld
from tests.connectors.soap.world import ENV_11, STOCK, WSDL, answered, connected

GET = Call(operation=soap("warehouse").call("GetStock", Sku="A").operation)


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def test_a_call_is_one_post(http: HttpWorld) -> None:
    """The WSDL is loaded by the first one."""
    http.answer = lambda _: answered(STOCK)
    connector = connect("warehouse", Options(address=WSDL, endpoint=f"http://127.0.0.1:{http.port}/soap"))
    assert (await connector.send(GET)).data["Quantity"] == 7
    assert [(request.method, request.target) for request in http.requests] == [("POST", "/soap")]
    await connector.close()


@pytest.mark.parametrize(
    ("message", "says"),
    [({"Skoo": "A"}, 'GetStock has no "Skoo"'), ({}, 'GetStock needs "Sku"'), (None, "GetStock"), ("A", "by name")],
)
async def test_a_value_that_does_not_fit_is_refused(http: HttpWorld, message: object, says: str) -> None:
    """A caller gave it, so it is no mistake of the definition. Nothing is sent."""
    get = soap("warehouse").call("GetStock", message="{message}").operation
    async with connected(http) as connector:
        with pytest.raises(UpstreamRejected, match=says):
            await connector.send(Call(operation=get, arguments={"message": message}))
    assert not http.requests


async def test_an_operation_of_another_kind_is_a_mistake(http: HttpWorld) -> None:
    """Nothing is sent."""
    async with connected(http) as connector:
        with pytest.raises(DefinitionError, match=r"was not defined with soap\(...\)"):
            await connector.send(Call(operation=Operation(upstream="warehouse", name="GetStock")))
    assert http.requests == []


async def test_a_deadline_that_has_passed(http: HttpWorld) -> None:
    """Also when the WSDL is loaded already."""
    async with connected(http) as connector:
        with pytest.raises(UpstreamTimeout):
            await connector.send(in_time(GET, -1))


async def test_after_close_nothing_is_sent() -> None:
    """Closing twice is closing once."""
    connector = connect("warehouse", Options(address=WSDL))
    await connector.close()
    await connector.close()
    with pytest.raises(UpstreamUnreachable, match="the connector is closed"):
        await connector.send(GET)


async def test_secrets_that_come_back_in_a_fault_are_hidden(http: HttpWorld) -> None:
    """Those of the options, of the call's headers and of its SOAP headers."""
    text = "no pa55word, no t0ken123, no Bearer t0ken123"
    http.answer = lambda _: answered(
        f'<s:Fault xmlns:s="{ENV_11}"><faultcode>s:Client</faultcode><faultstring>{text}</faultstring></s:Fault>', 500
    )
    async with connected(http, username="me", password="pa55word") as connector:
        with pytest.raises(UpstreamFault) as caught:
            await connector.send(Call(operation=GET.operation, headers={"authorization": "Bearer t0ken123"}))
    assert "pa55word" not in str(caught.value)
    assert "t0ken123" not in str(caught.value)
    assert "***" in str(caught.value)
