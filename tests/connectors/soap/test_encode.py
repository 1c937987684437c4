"""What is sent: envelopes, SOAP headers, HTTP headers; and what is refused before it is sent."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from lxml import etree

from connectors.contract import Call
from connectors.direct import Direct
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError, UpstreamRejected
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.connectors.http_world import HttpWorld, Received
from tests.connectors.soap.world import (
    ENV_12,
    STOCK,
    TYPES,
    WSDL,
    answered,
    body_of,
    connected,
    sent,
    stock,
    texts,
)

warehouse = soap("warehouse")
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld(answer=lambda _: answered(STOCK)) as world:
        yield world


async def send(
    http: HttpWorld, endpoint: Endpoint, options: dict[str, Any] | None = None, **arguments: Any
) -> Received:
    """What the server received for this call."""
    async with connected(http, **(options or {})) as connector:
        await connector.send(Call(operation=endpoint.operation, arguments=arguments))
    return http.requests[-1]


class Level(Enum):
    LOW = 3


async def test_arguments_become_elements_in_the_order_of_the_wsdl(http: HttpWorld) -> None:
    """Templates are filled; the schema's order and namespaces hold, not the author's."""
    get = warehouse.call("GetStock", Place="{place}", Sku="A-{sku}", message={"Since": {"Day": "{day}", "zone": "utc"}})
    request = await send(http, get, place="North & South", sku=7, day=date(2024, 2, 29))
    body = body_of(request)
    assert body.tag == f"{{{TYPES}}}GetStock"
    assert texts(body) == [("Sku", "A-7"), ("Place", "North & South"), ("Since", [("Day", "2024-02-29")])]
    assert body[2].get("zone") == "utc"


async def test_what_is_not_given_is_left_out_and_null_is_nil(http: HttpWorld) -> None:
    """An optional parameter that is absent leaves nothing; None is nil, and nothing where the element is not nillable."""
    get = warehouse.call("GetStock", Sku="{sku}", Place="{place?}", Level="{level?}")
    assert texts(body_of(await send(http, get, sku="T"))) == [("Sku", "T")]
    assert texts(body_of(await send(http, get, sku="T", place=None))) == [("Sku", "T")]
    body = body_of(await send(http, get, sku="T", level=None))
    assert texts(body) == [("Sku", "T"), ("Level", None)]
    assert body[1].attrib == {"{http://www.w3.org/2001/XMLSchema-instance}nil": "true"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("Place", True, "true"),
        ("Place", 0.1, "0.1"),
        ("Place", Decimal("1.50"), "1.50"),
        ("Level", Level.LOW, "3"),
        ("Least", 1e22, "10000000000000000000000"),
        ("Least", 0.1, "0.1"),
        ("Place", datetime(2024, 1, 2, tzinfo=UTC), "2024-01-02 00:00:00+00:00"),
    ],
)
async def test_values_are_written_as_xml_wants_them(http: HttpWorld, name: str, value: Any, text: str) -> None:
    """Booleans in lower case, enums by value, numbers as they are."""
    get = warehouse.call("GetStock", Sku="T", message={name: "{value}"})
    assert (name, text) in texts(body_of(await send(http, get, value=value)))


async def test_soap_11_says_the_operation_in_a_header(http: HttpWorld) -> None:
    """SOAP 1.1 section 6.1.1: text/xml and a quoted SOAPAction."""
    request = await send(http, warehouse.call("GetStock", Sku="T"))
    assert request.headers["content-type"] == "text/xml; charset=utf-8"
    assert request.headers["soapaction"] == '"urn:warehouse#GetStock"'
    assert (request.method, request.target) == ("POST", "/soap")
    await send(http, warehouse.call("GetStocks", Sku=["T"]))
    assert http.requests[-1].headers["soapaction"] == '""'


async def test_soap_12_says_the_operation_in_the_content_type(http: HttpWorld) -> None:
    """SOAP 1.2 part 2 section 7.5.1.2: application/soap+xml with an action, and no SOAPAction."""
    http.answer = lambda _: answered(STOCK, namespace=ENV_12)
    request = await send(http, warehouse.call("GetStock", Sku="T", port="WarehousePort12"))
    assert request.headers["content-type"] == 'application/soap+xml; charset=utf-8; action="urn:warehouse#GetStock"'
    assert "soapaction" not in request.headers
    assert sent(request).tag == f"{{{ENV_12}}}Envelope"
    http.answer = lambda _: answered(f'<t:Nothing xmlns:t="{TYPES}"/>', namespace=ENV_12)
    request = await send(http, warehouse.call("Ping", port="WarehousePort12"))
    assert request.headers["content-type"] == "application/soap+xml; charset=utf-8"


async def test_headers_of_the_call_cannot_change_what_soap_needs(http: HttpWorld) -> None:
    """A forwarded content type of the frontend's request would break every call."""
    get = warehouse.call("GetStock", Sku="T")
    call = Call(operation=get.operation, headers={"content-type": "application/json", "x-trace": "1"})
    async with connected(http) as connector:
        await connector.send(call)
    assert http.requests[-1].headers["content-type"].startswith("text/xml")
    assert http.requests[-1].headers["x-trace"] == "1"


async def test_the_operation_is_found_in_whatever_port_has_it(http: HttpWorld) -> None:
    """Without service and port, the first that has the operation is called."""
    http.answer = lambda _: answered(f'<t:Length xmlns:t="{TYPES}">3</t:Length>')
    await send(http, warehouse.call("Recount"))
    assert http.requests[-1].headers["soapaction"] == '"urn:warehouse#Recount"'


@pytest.mark.parametrize("name", ["Session", "session", f"{{{TYPES}}}Session"])
async def test_soap_headers_by_part_element_or_qualified_name(http: HttpWorld, name: str) -> None:
    """The header that the binding declares, filled from parameters."""
    get = warehouse.call("GetStock", Sku="{sku}", headers={name: {"Token": "{token}", "Trace": "{trace?}"}})
    assert get.parameters == {"sku": True, "token": True, "trace": False}
    header = sent(await send(http, get, sku="T", token="t-1"))[0]
    assert etree.QName(header).localname == "Header"
    assert header[0].tag == f"{{{TYPES}}}Session"
    assert texts(header) == [("Session", [("Token", "t-1")])]


async def test_headers_of_the_upstream_and_of_the_endpoint(http: HttpWorld) -> None:
    """bff.yaml gives defaults; an endpoint's own wins; elements that no binding declares are found in the schema."""
    options = {"soap_headers": {"Session": {"Token": "default"}, "Tenant": "blue"}}
    header = sent(await send(http, warehouse.call("GetStock", Sku="T"), options))[0]
    assert texts(header) == [("Session", [("Token", "default")]), ("Tenant", "blue")]
    own = warehouse.call("GetStock", Sku="T", headers={"Session": {"Token": "own"}})
    assert texts(sent(await send(http, own, options))[0])[0] == ("Session", [("Token", "own")])


async def test_username_token_with_a_digest(http: HttpWorld) -> None:
    """WS-Security UsernameToken Profile 1.1: digest = Base64(SHA-1(nonce + created + password)), a new nonce each."""
    options = {"username": "gateway", "password": "pa55", "digest": True}
    seen = set()
    for _ in range(2):
        root = sent(await send(http, warehouse.call("GetStock", Sku="T"), options))
        token = root.find(f".//{{{WSSE}}}UsernameToken")
        assert token.findtext(f"{{{WSSE}}}Username") == "gateway"
        nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce"))
        created = token.findtext(f"{{{WSU}}}Created")
        assert abs((datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()) < 60
        assert created.endswith("Z")
        expected = base64.b64encode(hashlib.sha1(nonce + created.encode() + b"pa55").digest()).decode()
        password = token.find(f"{{{WSSE}}}Password")
        assert password.get("Type").endswith("#PasswordDigest")
        assert password.text == expected
        seen.add(nonce)
    assert len(seen) == 2
    assert b"pa55" not in http.requests[-1].body


async def test_username_token_in_text_beside_other_headers(http: HttpWorld) -> None:
    """PasswordText, and the header block holds the endpoint's header too."""
    get = warehouse.call("GetStock", Sku="T", headers={"Tenant": "blue"})
    root = sent(await send(http, get, {"username": "gateway", "password": "pa55"}))
    password = root.find(f".//{{{WSSE}}}Password")
    assert (password.text, password.get("Type").partition("#")[2]) == ("pa55", "PasswordText")
    assert root[0].findtext(f"{{{TYPES}}}Tenant") == "blue"


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        (warehouse.call("GetStok", Sku="T"), 'the WSDL has no operation "GetStok"; did you mean "GetStock"'),
        (warehouse.call("Recount", port="WarehousePort"), 'port WarehousePort has no operation "Recount"; it has'),
        (warehouse.call("GetStock", Sku="T", port="WarehousPort"), 'no SOAP port "WarehousPort"; did you mean "Ware'),
        (warehouse.call("GetStock", Sku="T", service="Nowhere"), 'no SOAP service "Nowhere"; it has WarehouseService'),
        (warehouse.call("GetStock", sku="T"), 'GetStock has no "sku"; did you mean "Sku"'),
        (warehouse.call("GetStock", Zzz="T"), 'has no "Zzz"; it takes Sku, Place\\?, Level\\?, Least\\?, Since\\?'),
        (warehouse.call("GetStock", Place="T"), 'GetStock needs "Sku"'),
        (warehouse.call("GetStock", Sku="T", Since={"Dya": "2024-01-01"}), 'GetStock.Since has no "Dya"; .* "Day"'),
        (warehouse.call("GetStock", message="T-1"), "takes elements by name"),
        (warehouse.call("GetStock", Sku={"a": 1}), "GetStock.Sku is one value"),
        (warehouse.call("Measure", Text="T"), "Measure is one value"),
        (warehouse.call("GetStock", Sku="T", headers={"Sesion": {"Token": "x"}}), 'no element "Sesion" .*"Session"'),
        (warehouse.call("GetStock", Sku="T", headers={"Session": {"Tokn": "x"}}), 'header Session has no "Tokn"'),
    ],
)
async def test_mistakes_of_the_author_are_told_with_the_nearest_name(
    http: HttpWorld, endpoint: Endpoint, told: str
) -> None:
    """DefinitionError: what the WSDL lacks, and what was probably meant. Nothing is sent."""
    async with connected(http) as connector:
        with pytest.raises(DefinitionError, match=told) as caught:
            await connector.send(Call(operation=endpoint.operation))
    assert str(caught.value).startswith("warehouse: ")
    assert http.requests == []


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "GetStock.Sku must have a value"), ("a\x00b", "characters that XML cannot")],
)
async def test_values_that_do_not_fit_are_rejected_before_they_are_sent(http: HttpWorld, value: Any, told: str) -> None:
    """The caller's mistake is UpstreamRejected, and its text never holds the value."""
    async with connected(http) as connector:
        call = Call(operation=warehouse.call("GetStock", Sku="{sku}").operation, arguments={"sku": value})
        with pytest.raises(UpstreamRejected, match=told) as caught:
            await connector.send(call)
    assert "a\x00b" not in str(caught.value)
    assert http.requests == []


async def test_a_batch_is_one_message(http: HttpWorld) -> None:
    """Keys become repeated elements; the scope deals the records back."""
    row = stock("").replace("GetStockReply", "Stock")
    second = row.replace("T-1", "T-2").replace("7", "8")
    http.answer = lambda _: answered(f'<t:GetStocksReply xmlns:t="{TYPES}">{second}{row}</t:GetStocksReply>')
    many = warehouse.call("GetStocks", many={"Sku": "{sku}"}, key="Sku", many_at="Stock")
    async with connected(http) as connector:
        call = Call(operation=many.operation, keys=("T-1", "T-2"))
        reply = await connector.send(call)
        assert [each["Quantity"] for each in reply.data["Stock"]] == [8, 7]
    assert texts(body_of(http.requests[-1])) == [("Sku", "T-1"), ("Sku", "T-2")]
    connector = connect("warehouse", Options(address=WSDL, endpoint=f"http://127.0.0.1:{http.port}/soap"))
    async with Direct({"warehouse": connector}):
        assert (await many(sku="T-2")).data["Quantity"] == 8
