"""google.rpc.Status in the trailers: every message of error_details.proto, unknown ones, and bytes that are none."""

from __future__ import annotations

from typing import Any

import pytest
from grpc import StatusCode

from connectors import error_details as records
from connectors import errors
from connectors.contract import Call
from connectors.errors import UpstreamError
from connectors.grpc.connector import GrpcConnector
from connectors.grpc.endpoints import grpc
from connectors.grpc.errors_details import MAX_DETAILS, TRAILER, parse_status
from tests.connectors.conformance import in_time
from tests.connectors.grpc.shop import Shop, message_class
from tests.connectors.grpc.wire import END_STREAM, headers, http2_server
from tests.waiting import GENEROUS

fail = grpc("shop").unary("shop.Pricing/Fail", {"code": "{code}", "details": "{details}"})
watch = grpc("shop").stream("shop.Pricing/Watch", {"sku": "{sku}", "ticks": 2})


def _field(number: int, value: bytes | str | int) -> bytes:
    """One field on the wire, of fewer than 16384 bytes."""
    if isinstance(value, int):
        return bytes([number << 3]) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2]) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128, value >> 7])


def _any(name: str, value: bytes) -> bytes:
    return _field(1, f"type.googleapis.com/{name}") + _field(2, value)


def _status(*details: bytes, code: int = 3, message: str = "bad") -> bytes:
    return _field(1, code) + _field(2, message) + b"".join(_field(3, each) for each in details)


def _unknown(name: str, value: bytes) -> Any:
    raise LookupError(name)


VIOLATION = _field(1, "address.zip") + _field(2, "is wrong") + _field(3, "FORMAT")
KNOWN = {
    "BadRequest": (
        _field(1, VIOLATION),
        records.BadRequest((records.FieldViolation("address.zip", "is wrong", "FORMAT", ("address", "zip")),)),
    ),
    "ErrorInfo": (
        _field(1, "STOCK_OUT") + _field(2, "shop") + _field(3, _field(1, "sku") + _field(2, "A")),
        records.ErrorInfo("STOCK_OUT", "shop", {"sku": "A"}),
    ),
    "RetryInfo": (_field(1, _field(1, 2) + _field(2, 128)), records.RetryInfo(2.000000128)),
    "DebugInfo": (_field(1, "a:1") + _field(1, "b:2") + _field(2, "d"), records.DebugInfo(("a:1", "b:2"), "d")),
    "QuotaFailure": (
        _field(1, _field(1, "user:7") + _field(2, "too many")),
        records.QuotaFailure((records.Violation("user:7", "too many"),)),
    ),
    "PreconditionFailure": (
        _field(1, _field(1, "TOS") + _field(2, "shop") + _field(3, "accept them")),
        records.PreconditionFailure((records.Violation("shop", "accept them", "TOS"),)),
    ),
    "RequestInfo": (_field(1, "r-7") + _field(2, "x"), records.RequestInfo("r-7", "x")),
    "ResourceInfo": (
        _field(1, "sku") + _field(2, "A") + _field(3, "me") + _field(4, "gone"),
        records.ResourceInfo("sku", "A", "me", "gone"),
    ),
    "Help": (
        _field(1, _field(1, "docs") + _field(2, "https://x.example")),
        records.Help((records.Link("docs", "https://x.example"),)),
    ),
    "LocalizedMessage": (
        _field(1, "de") + _field(2, "ist vergeben"),
        records.LocalizedMessage("de", "ist vergeben"),
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_each_message_of_the_package_is_a_record(name: str) -> None:
    """With the names of the proto file, also in the body."""
    packed, record = KNOWN[name]
    status = parse_status(_status(_any(f"google.rpc.{name}", packed)), _unknown)
    assert status.details == (record,)
    assert status.body is not None
    assert status.body["details"][0]["@type"] == f"google.rpc.{name}"
    assert len(status.body["details"][0]) > 1


@pytest.mark.parametrize("trailer", [b"\xff\xff", b"\x1a\x7f", b"", b"<html>"])
def test_a_trailer_that_cannot_be_parsed(trailer: bytes) -> None:
    """It is kept as it is; nothing is raised."""
    status = parse_status(trailer, _unknown)
    assert status.details in ((), (records.AnyDetail("google.rpc.Status", trailer),))


def test_details_that_cannot_be_parsed() -> None:
    """One broken detail does not hide the others."""
    good = _any("google.rpc.RequestInfo", _field(1, "r-7"))
    broken = _any("google.rpc.BadRequest", b"\x0a\x7f")
    strange = _any("shop.NoSuch", b"\x08\x01")
    status = parse_status(_status(broken, strange, good), _unknown)
    assert status.details == (
        records.AnyDetail("google.rpc.BadRequest", b"\x0a\x7f"),
        records.AnyDetail("shop.NoSuch", b"\x08\x01"),
        records.RequestInfo("r-7"),
    )
    assert len(parse_status(_status(*[good] * 500), _unknown).details) == MAX_DETAILS


async def _fail(connector: GrpcConnector, code: StatusCode = StatusCode.INVALID_ARGUMENT) -> UpstreamError:
    arguments = {"code": code.value[0], "details": "bad"}
    with pytest.raises(UpstreamError) as caught:
        await connector.send(in_time(Call(operation=fail.operation, arguments=arguments), GENEROUS))
    return caught.value


async def test_the_caught_error_has_it_all(shop: Shop, connector: GrpcConnector) -> None:
    """Status, metadata, body, details, violations and the time to wait; its text has nothing of them."""
    details = [_any(f"google.rpc.{name}", KNOWN[name][0]) for name in ("BadRequest", "RetryInfo", "ErrorInfo")]
    shop.trailing = ((TRAILER, _status(*details)), ("x-request-id", "r-7"))
    error = await _fail(connector)
    assert isinstance(error, errors.UpstreamRejected)
    assert error.status == "INVALID_ARGUMENT"
    assert error.headers["x-request-id"] == "r-7"
    assert TRAILER not in error.headers
    assert error.details == tuple(KNOWN[name][1] for name in ("BadRequest", "RetryInfo", "ErrorInfo"))
    assert [(each.path, each.description) for each in error.violations] == [(("address", "zip"), "is wrong")]
    assert error.body["details"][2] == {
        "@type": "google.rpc.ErrorInfo",
        "reason": "STOCK_OUT",
        "domain": "shop",
        "metadata": {"sku": "A"},
    }
    assert error.retry_after == pytest.approx(2.000000128)
    assert "STOCK_OUT" not in str(error)


async def test_a_detail_of_the_upstream_s_own_type(shop: Shop, connector: GrpcConnector) -> None:
    """It is decoded by the upstream's schema."""
    price = message_class("shop.Price")(sku="A", amount=7).SerializeToString()
    shop.trailing = ((TRAILER, _status(_any("shop.Price", price))),)
    error = await _fail(connector)
    (detail,) = error.details
    assert (detail.type, detail.data["sku"]) == ("shop.Price", "A")
    assert error.body["details"][0]["amount"] == detail.data["amount"]


async def test_without_details(shop: Shop, connector: GrpcConnector) -> None:
    """The status alone, as most servers send it: trailers only."""
    shop.trailing = ()
    error = await _fail(connector, StatusCode.NOT_FOUND)
    assert (error.status, error.details) == ("NOT_FOUND", ())
    assert error.body == {"code": 5, "message": "bad", "details": []}


async def test_a_stream_keeps_them_too(shop: Shop, connector: GrpcConnector) -> None:
    """After messages have come."""
    shop.mode = "fail"
    call = in_time(Call(operation=watch.operation, arguments={"sku": "A"}), GENEROUS)
    with pytest.raises(UpstreamError) as caught:
        _ = [event async for event in connector.stream(call)]
    assert caught.value.status == "ABORTED"


async def test_the_http_status_of_a_proxy_is_kept() -> None:
    """The page of a proxy has no gRPC status; grpcio makes one of the HTTP status."""
    async with http2_server(headers(END_STREAM, status="502")) as port:
        connector = Shop().connector(address=f"127.0.0.1:{port}")
        error = await _fail(connector)
        await connector.close()
    assert error.status == "UNAVAILABLE"
    assert error.headers[":status"] == "502"


async def test_not_found_can_be_null(connector: GrpcConnector) -> None:
    """By choice, and no other status."""
    lenient = (
        grpc("shop").unary("shop.Pricing/Fail", {"code": "{code}", "details": "{details}"}, missing="null").operation
    )
    call = Call(operation=lenient, arguments={"code": StatusCode.NOT_FOUND.value[0], "details": "no"})
    assert (await connector.send(in_time(call, GENEROUS))).data is None
    call = Call(operation=lenient, arguments={"code": StatusCode.INTERNAL.value[0], "details": "no"})
    with pytest.raises(errors.UpstreamFailed):
        await connector.send(in_time(call, GENEROUS))
