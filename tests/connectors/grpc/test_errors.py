"""Every gRPC status, and every broken answer on the wire, as a coded error."""

from __future__ import annotations

import asyncio

import pytest
from grpc import StatusCode

from connectors import errors
from connectors.contract import Call
from connectors.errors import UpstreamError
from connectors.grpc.connector import GrpcConnector
from connectors.grpc.endpoints import grpc
from tests.connectors.conformance import in_time
from tests.connectors.grpc.shop import Shop
from tests.connectors.grpc.wire import DATA, END_HEADERS, END_STREAM, HEADERS, RST, frame, headers, http2_server, relay
from tests.waiting import GENEROUS, until

fail = grpc("shop").unary("shop.Pricing/Fail", {"code": "{code}", "details": "{details}"})

STATUSES = {
    StatusCode.CANCELLED: errors.UpstreamDisconnected,
    StatusCode.UNKNOWN: errors.UpstreamFailed,
    StatusCode.INVALID_ARGUMENT: errors.UpstreamRejected,
    StatusCode.DEADLINE_EXCEEDED: errors.UpstreamTimeout,
    StatusCode.NOT_FOUND: errors.UpstreamNotFound,
    StatusCode.ALREADY_EXISTS: errors.UpstreamConflict,
    StatusCode.PERMISSION_DENIED: errors.UpstreamForbidden,
    StatusCode.RESOURCE_EXHAUSTED: errors.UpstreamRateLimited,
    StatusCode.FAILED_PRECONDITION: errors.UpstreamConflict,
    StatusCode.ABORTED: errors.UpstreamConflict,
    StatusCode.OUT_OF_RANGE: errors.UpstreamRejected,
    StatusCode.UNIMPLEMENTED: errors.UpstreamFailed,
    StatusCode.INTERNAL: errors.UpstreamFailed,
    StatusCode.UNAVAILABLE: errors.UpstreamUnavailable,
    StatusCode.DATA_LOSS: errors.UpstreamBadReply,
    StatusCode.UNAUTHENTICATED: errors.UpstreamUnauthenticated,
}


def failing(code: StatusCode, details: str = "") -> Call:
    return in_time(Call(operation=fail.operation, arguments={"code": code.value[0], "details": details}), GENEROUS)


def test_every_status_is_listed() -> None:
    """A new one in grpcio shows up here."""
    assert set(STATUSES) == set(StatusCode) - {StatusCode.OK}


@pytest.mark.parametrize("code", STATUSES, ids=lambda code: code.name)
async def test_a_status_has_its_error(connector: GrpcConnector, code: StatusCode) -> None:
    """The class, the status name for machines, the server's words for people."""
    with pytest.raises(UpstreamError) as caught:
        await connector.send(failing(code, "the server's words"))
    assert type(caught.value) is STATUSES[code]
    assert caught.value.upstream_code == code.name
    assert "the server's words" in caught.value.detail
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("pushback", "seconds"), [("1500", 1.5), ("-1", None), ("soon", None)])
async def test_pushback_is_how_long_to_wait(
    shop: Shop, connector: GrpcConnector, pushback: str, seconds: float
) -> None:
    """`grpc-retry-pushback-ms`; a negative one means never."""
    shop.trailing = (("grpc-retry-pushback-ms", pushback), ("x-session", "s3cret"))
    with pytest.raises(UpstreamError) as caught:
        await connector.send(failing(StatusCode.UNAVAILABLE))
    assert caught.value.retry_after == seconds
    assert "s3cret" not in str(caught.value)


async def test_an_upstream_may_tell_of_its_own_unreachable_upstream(connector: GrpcConnector) -> None:
    """Its words are those of grpcio, but our call was sent: it must not be said that it was not."""
    with pytest.raises(errors.UpstreamUnavailable) as caught:
        await connector.send(failing(StatusCode.UNAVAILABLE, "failed to connect to all addresses; last error: ..."))
    assert not caught.value.was_not_sent


async def test_a_lost_connection_is_not_an_unreachable_one(shop: Shop) -> None:
    """The call was sent, so the upstream may have acted on it."""
    async with relay(shop.port) as (port, cut):
        connector = shop.connector(address=f"127.0.0.1:{port}")
        shop.mode = "hang"
        ask = Call(operation=grpc("shop").unary("shop.Pricing/GetPrices").operation)
        sending = asyncio.create_task(connector.send(in_time(ask, GENEROUS)))
        await until(lambda: shop.requests)
        cut()
        with pytest.raises(errors.UpstreamDisconnected) as caught:
            await sending
        assert not caught.value.was_not_sent
        await connector.close()


START = headers(0, status="200", content_type="application/grpc")
OK = headers(END_STREAM, grpc_status="0")
WIRE = {
    "a proxy's 502": (headers(END_STREAM, status="502"), errors.UpstreamUnavailable),
    "a proxy's 401": (headers(END_STREAM, status="401"), errors.UpstreamUnauthenticated),
    "OK without a message": (START + OK, errors.UpstreamBadReply),
    "a message cut off": (START + frame(DATA, 0, 1, b"\0\0\0\0\x20ok") + OK, errors.UpstreamBadReply),
    "no trailers": (START + frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"), errors.UpstreamBadReply),
    "a web page": (
        headers(0, status="200", content_type="text/html") + frame(DATA, END_STREAM, 1, b"<html>"),
        errors.UpstreamBadReply,
    ),
    "no status number": (START + headers(END_STREAM, grpc_status="banana"), errors.UpstreamBadReply),
    "compressed though not offered": (
        headers(0, status="200", content_type="application/grpc", grpc_encoding="gzip")
        + frame(DATA, 0, 1, b"\1\0\0\0\2ok")
        + OK,
        errors.UpstreamBadReply,
    ),
    "stream reset: cancelled": (frame(RST, 0, 1, (8).to_bytes(4, "big")), errors.UpstreamDisconnected),
    "stream reset: refused": (frame(RST, 0, 1, (7).to_bytes(4, "big")), errors.UpstreamUnavailable),
    "stream reset: internal": (frame(RST, 0, 1, (2).to_bytes(4, "big")), errors.UpstreamFailed),
    "broken header compression": (frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff"), errors.UpstreamBadReply),
}


@pytest.mark.parametrize(("answer", "error"), WIRE.values(), ids=WIRE.keys())
async def test_a_broken_answer_on_the_wire_is_coded(answer: bytes, error: type[UpstreamError]) -> None:
    """Never a traceback of a library, never data."""
    async with http2_server(answer) as port:
        connector = Shop().connector(address=f"127.0.0.1:{port}")
        with pytest.raises(UpstreamError) as caught:
            await connector.send(failing(StatusCode.OK))
        assert type(caught.value) is error
        await connector.close()
