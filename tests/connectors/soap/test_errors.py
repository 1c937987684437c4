"""Faults and error pages become coded errors that tell developers everything and frontends nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from connectors.contract import Call
from connectors.error_details import Fault
from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
    UpstreamFailed,
    UpstreamFault,
    UpstreamForbidden,
    UpstreamNotFound,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
)
from connectors.soap.endpoints import soap
from tests.connectors.http_world import HttpWorld, Say, response
from tests.connectors.soap.world import ENV_11, ENV_12, answered, connected, envelope, stock

GET = Call(operation=soap("warehouse").call("GetStock", Sku="T").operation)

FAULT_11 = (
    "<s:Fault><faultcode>s:Client.UnknownSku</faultcode><faultstring>no such\n  SKU</faultstring>"
    '<detail><e:Reason xmlns:e="urn:e"><e:Sku>T-1</e:Sku> <e:Why>sold out</e:Why></e:Reason></detail></s:Fault>'
)
FAULT_12 = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:e='urn:e'>e:Sku</s:Value>"
    "<s:Subcode><s:Value xmlns:e='urn:e'>e:Unknown</s:Value></s:Subcode></s:Subcode></s:Code>"
    "<s:Reason><s:Text xml:lang='en'>no such SKU</s:Text><s:Text xml:lang='de'>keine</s:Text></s:Reason>"
    "<s:Detail><Sku>T-1</Sku></s:Detail></s:Fault>"
)


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


async def error_of(http: HttpWorld, say: Say, call: Call = GET) -> UpstreamError:
    http.answer = lambda _: say
    async with connected(http) as connector:
        with pytest.raises(UpstreamError) as caught:
            await connector.send(call)
    return caught.value


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_fault_of_soap_11(http: HttpWorld, status: int) -> None:
    """Code without its prefix, text and detail in one line, whatever the HTTP status."""
    error = await error_of(http, answered(FAULT_11, status))
    assert isinstance(error, UpstreamFault)
    assert error.upstream_code == "Client.UnknownSku"
    assert error.detail == f"fault Client.UnknownSku (HTTP {status}): no such SKU"
    assert error.fault_detail == "T-1 sold out"
    assert error.code == "UPSTREAM_FAULT"
    assert "SKU" not in error.public


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_fault_of_soap_12(http: HttpWorld, status: int) -> None:
    """The innermost subcode is the most telling code; the first language is told."""
    error = await error_of(http, answered(FAULT_12, status, ENV_12))
    assert isinstance(error, UpstreamFault)
    assert error.upstream_code == "Unknown"
    assert error.detail == f"fault Unknown (HTTP {status}): no such SKU"
    assert error.fault_detail == "T-1"


async def test_a_fault_of_soap_12_without_subcode_and_detail(http: HttpWorld) -> None:
    """Only the code is required."""
    fault = "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code></s:Fault>"
    error = await error_of(http, answered(fault, 500, ENV_12))
    assert isinstance(error, UpstreamFault)
    assert (error.upstream_code, error.fault_detail) == ("Receiver", "")
    assert error.detail == "fault Receiver (HTTP 500): without a text"


async def test_an_empty_fault_and_one_that_is_qualified_wrongly(http: HttpWorld) -> None:
    """Servers get faults wrong in every way; a fault it stays."""
    assert (await error_of(http, answered("<s:Fault/>", 500))).code == "UPSTREAM_FAULT"
    error = await error_of(http, answered("<s:Fault><s:faultcode>Server</s:faultcode></s:Fault>", 500))
    assert error.upstream_code == "Server"


async def test_long_texts_are_cut(http: HttpWorld) -> None:
    """A stack trace of a megabyte does not end up in the log."""
    fault = f"<s:Fault><faultcode>s:Server</faultcode><detail>{'trace ' * 100_000}</detail></s:Fault>"
    error = await error_of(http, answered(fault, 500))
    assert isinstance(error, UpstreamFault)
    assert len(error.fault_detail) == 1000


async def test_secrets_that_a_server_repeats_are_taken_out(http: HttpWorld) -> None:
    """Tokens of HTTP and SOAP headers are in no text, nor in the code."""
    endpoint = soap("warehouse").call("GetStock", Sku="T", headers={"Session": {"Token": "{token}"}})
    headers = {"authorization": "Bearer abc.def.ghi", "x-key": "k-123456"}
    call = Call(operation=endpoint.operation, arguments={"token": "session-1"}, headers=headers)
    told = "abc.def.ghi k-123456 session-1"
    fault = f"<s:Fault><faultcode>session-1</faultcode><faultstring>bad {told}</faultstring><detail>{told}</detail></s:Fault>"
    error = await error_of(http, answered(fault, 500), call)
    assert isinstance(error, UpstreamFault)
    assert error.detail == "fault *** (HTTP 500): bad *** *** ***"
    assert error.fault_detail == "*** *** ***"
    assert error.upstream_code == "***"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, UpstreamUnauthenticated),
        (403, UpstreamForbidden),
        (404, UpstreamNotFound),
        (500, UpstreamFailed),
        (503, UpstreamUnavailable),
        (302, UpstreamBadReply),
    ],
)
async def test_error_pages_are_told_by_their_status(http: HttpWorld, status: int, kind: type[UpstreamError]) -> None:
    """HTML of a proxy is not looked at."""
    error = await error_of(http, response(b"<html><p>Sorry</body>", status, content_type="text/html"))
    assert type(error) is kind
    assert f"HTTP {status}" in error.detail
    assert "Sorry" not in str(error)


async def test_a_good_envelope_with_a_bad_status_is_a_failure(http: HttpWorld) -> None:
    """HTTP 500 is no success, whatever comes with it."""
    error = await error_of(http, answered(stock(""), 500))
    assert type(error) is UpstreamFailed


async def test_a_fault_need_not_come_in_a_good_body(http: HttpWorld) -> None:
    """Only a Fault in the Body counts; one in the Header is none."""
    inside = envelope(stock("")).replace(b"<s:Body>", b"<s:Header><s:Fault/></s:Header><s:Body>")
    http.answer = lambda _: response(inside, content_type="text/xml")
    assert ENV_11.encode() in inside
    async with connected(http) as connector:
        assert (await connector.send(GET)).data["Quantity"] == 7


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_fault_is_data_too(http: HttpWorld, status: int) -> None:
    """For those who catch it: code, reason, actor, and the detail by local names."""
    actor = FAULT_11.replace("<detail>", "<faultactor>urn:stock</faultactor><detail>")
    error = await error_of(http, answered(actor, status))
    detail = {"Reason": {"Sku": "T-1", "Why": "sold out"}}
    assert (error.status, error.headers[":status"]) == ("Client.UnknownSku", str(status))
    assert error.details == (Fault("Client.UnknownSku", "no such SKU", "urn:stock", detail),)
    assert error.body == {"code": "Client.UnknownSku", "reason": "no such SKU", "actor": "urn:stock", "detail": detail}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UPSTREAM_UNAUTHENTICATED"),
        (403, "UPSTREAM_FORBIDDEN"),
        (422, "UPSTREAM_FAULT"),
        (503, "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_a_fault_under_another_status(http: HttpWorld, status: int, code: str) -> None:
    """The status decides where it has a meaning of its own; the fault is there to read in any case."""
    error = await error_of(http, answered(FAULT_11, status))
    assert (error.code, error.headers[":status"]) == (code, str(status))
    assert error.body["detail"] == {"Reason": {"Sku": "T-1", "Why": "sold out"}}


async def test_details_of_all_shapes(http: HttpWorld) -> None:
    """Attributes, repeated elements, text between elements, comments, and nothing at all."""
    detail = "<detail><a n='1'>x</a><a>y</a><!-- c --><b><c/></b><?p i?></detail>"
    fault = f"<s:Fault><faultcode>s:Server</faultcode><faultstring>f</faultstring>{detail}</s:Fault>"
    error = await error_of(http, answered(fault, 500))
    assert error.body["detail"] == {"a": [{"text": "x", "n": "1"}, "y"], "b": {"c": None}}
    deep = "<a>" * 100 + "</a>" * 100
    error = await error_of(http, answered(fault.replace(detail, f"<detail>{deep}{'<b/>' * 5000}</detail>"), 500))
    assert len(error.body["detail"]) == 2


async def test_the_fields_of_a_fault(http: HttpWorld) -> None:
    """A detail that names fields is read like the body of a REST upstream."""
    detail = "<detail><errors><error><field>sku</field><message>is wrong</message></error></errors></detail>"
    fault = f"<s:Fault><faultcode>s:Client</faultcode><faultstring>f</faultstring>{detail}</s:Fault>"
    error = await error_of(http, answered(fault, 500))
    assert [(each.field, each.description) for each in error.violations] == [("sku", "is wrong")]


async def test_an_error_page_is_text(http: HttpWorld) -> None:
    """It is no envelope."""
    error = await error_of(http, response(b"<html>down</html>", 503, content_type="text/html"))
    assert (error.status, error.body) == (503, "<html>down</html>")
