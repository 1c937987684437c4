"""Subscriptions over graphql-transport-ws, with a server that is strict about the protocol."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trustme

from connectors.contract import Call, Event, Selection
from connectors.direct import Direct
from connectors.endpoint import StreamEndpoint
from connectors.error_details import Closed
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.graphql.connector import GraphqlConnector
from connectors.graphql.endpoints import graphql
from connectors.graphql.session_websocket import decode_errors
from connectors.messages.json_slices import Bounds
from tests.connectors.conformance import SECRET, eventually, free_port
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Socket
from tests.connectors.http_world import HttpWorld, Received, Say, response
from tests.connectors.watch import BOUND, outcome_of
from tests.waiting import GENEROUS, steady, time_limit, until

up = graphql("shop")
added = up.subscription("added(productId: $product_id)", fields="id", types={"product_id": "ID!"})
counted = up.subscription("counted(to: $to)", types={"to": "Int!"})


@pytest.fixture
async def connector(connected: Connect, socket: Socket) -> GraphqlConnector:
    return connected(introspection=False, subscription_url=socket.address, connect_timeout=GENEROUS)


def call_of(endpoint: StreamEndpoint = added, **options: Any) -> Call:
    return Call(**{"operation": endpoint.operation, "arguments": {"product_id": "p1"}, **options})


async def all_of(events: AsyncGenerator[Event, None]) -> list[Any]:
    async with aclosing(events):
        return [event.data async for event in events]


async def failure(connector: GraphqlConnector, call: Call | None = None) -> UpstreamError:
    async with time_limit():
        with pytest.raises(UpstreamError) as caught:
            await all_of(connector.stream(call or call_of()))
    return caught.value


async def test_events_come_until_the_upstream_completes(connector: GraphqlConnector, socket: Socket) -> None:
    """With what is selected, like any field."""
    selection = Selection((("rating", None), ("author", Selection((("name", None),)))))
    events = await all_of(connector.stream(call_of(selection=selection)))
    assert [event["rating"] for event in events] == [2, 3, 5]
    assert socket.types == ["connection_init", "subscribe"]
    assert socket.received[1]["payload"]["query"] == (
        "subscription added($product_id: ID!) { added(productId:$product_id) { rating author { name } } }"
    )


async def test_an_endpoint_can_be_iterated(connector: GraphqlConnector) -> None:
    """As authors do."""
    async with Direct({"shop": connector}):
        assert [event.data async for event in added(product_id="p1")] == [{"id": "r1"}, {"id": "r2"}, {"id": "r4"}]


async def test_an_error_stands_where_the_null_was(connector: GraphqlConnector) -> None:
    """In a field of an event, or in place of all of it; the subscription goes on."""
    selection = Selection((("author", Selection((("name", None),))),))
    _, second, third = await all_of(connector.stream(call_of(selection=selection)))
    assert isinstance(second["author"], UpstreamForbidden)
    assert third == {"author": {"name": "Ann"}}
    first, failed, last = await all_of(connector.stream(call_of(counted, arguments={"to": 3})))
    assert (first, last) == (0, 2)
    assert isinstance(failed, UpstreamFailed)


async def test_leaving_completes_it_upstream(connector: GraphqlConnector, socket: Socket) -> None:
    """Nothing runs on for nobody, and the socket is closed."""
    events = connector.stream(call_of(arguments={"product_id": "endless"}))
    assert (await anext(events)).data == {"id": "r1"}
    await events.aclose()
    async with time_limit():
        await socket.context["ended"].wait()
        await socket.gone.wait()
    assert socket.types == ["connection_init", "subscribe", "complete"]


async def test_cancelling_completes_it_upstream(connector: GraphqlConnector, socket: Socket) -> None:
    """A viewer's task that ends while it waits."""
    watching = asyncio.ensure_future(all_of(connector.stream(call_of(arguments={"product_id": "endless"}))))

    async def is_waiting() -> bool:
        return socket.sent == 3

    assert await eventually(is_waiting)
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    async with time_limit():
        await socket.gone.wait()
    assert socket.types[-1] == "complete"


async def test_headers_go_with_the_handshake(connector: GraphqlConnector, socket: Socket) -> None:
    """Those of the call; what websockets say themselves stays theirs. The payload is empty unless asked for."""
    headers = {"authorization": f"Bearer {SECRET}", "host": "evil", "content-type": "x", "sec-websocket-key": "x"}
    await all_of(connector.stream(call_of(headers=headers)))
    (received,) = socket.headers
    assert received["authorization"] == f"Bearer {SECRET}"
    assert received["host"] == f"127.0.0.1:{socket.port}"
    assert "content-type" not in received
    assert socket.received[0] == {"type": "connection_init"}


async def test_headers_can_go_into_the_payload(connected: Connect, socket: Socket) -> None:
    """Under the name that bff.yaml writes, where many servers look for it."""
    connector = connected(
        introspection=False, subscription_url=socket.address, init_payload=["Authorization", "X-Other"]
    )
    await all_of(connector.stream(call_of(headers={"authorization": "Bearer x"})))
    assert socket.received[0]["payload"] == {"Authorization": "Bearer x"}


async def test_pings_are_answered(connector: GraphqlConnector, socket: Socket) -> None:
    """Those of the protocol, besides those of websockets."""
    socket.misbehaviour = "ping"
    assert len(await all_of(connector.stream(call_of()))) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("4400", UpstreamRejected),
        ("4401", UpstreamUnauthenticated),
        ("4403", UpstreamForbidden),
        ("4408", UpstreamTimeout),
        ("4429", UpstreamRateLimited),
        ("4500", UpstreamFailed),
        ("1011", UpstreamFailed),
        ("1013", UpstreamUnavailable),
        ("1000", UpstreamDisconnected),
        ("1001", UpstreamDisconnected),
    ],
)
async def test_close_codes_are_told_apart(
    connector: GraphqlConnector, socket: Socket, code: str, kind: type[UpstreamError]
) -> None:
    """Those of the protocol and of RFC 6455; an end without `complete` is no end."""
    socket.misbehaviour = code
    error = await failure(connector)
    assert (type(error), error.upstream_code) == (kind, code)
    assert error.details == (Closed(int(code), "because"),)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401", UpstreamUnauthenticated),
        ("403", UpstreamForbidden),
        ("503", UpstreamUnavailable),
        ("302", UpstreamBadReply),
    ],
)
async def test_a_refused_handshake_tells_why(
    connector: GraphqlConnector, socket: Socket, status: str, kind: type[UpstreamError]
) -> None:
    """As over HTTP; redirects are not followed, because the headers are not for somebody else."""
    socket.refusal = int(status)
    error = await failure(connector)
    assert (type(error), error.upstream_code if status != "302" else "302") == (kind, status)
    assert len(socket.headers) == 1


async def test_a_broken_connection_is_told(connector: GraphqlConnector, socket: Socket) -> None:
    """Gone without a word."""
    socket.misbehaviour = "vanish"
    assert type(await failure(connector)) is UpstreamDisconnected


async def test_a_refused_operation_is_told(connector: GraphqlConnector, socket: Socket) -> None:
    """With the upstream's words."""
    error = await failure(connector, call_of(selection=Selection((("titel", None),))))
    assert type(error) is UpstreamRejected
    assert "titel" in str(error)


@pytest.mark.parametrize("nonsense", ["garble", "rude"])
async def test_nonsense_is_a_bad_reply(connector: GraphqlConnector, socket: Socket, nonsense: str) -> None:
    """What is no JSON, and what does not belong there; never data."""
    socket.misbehaviour = nonsense
    assert type(await failure(connector)) is UpstreamBadReply


async def test_a_value_that_cannot_be_read_is_lost_alone(connector: GraphqlConnector, socket: Socket) -> None:
    """Half a surrogate pair in an event; the subscription goes on."""
    socket.misbehaviour = "half"
    first, *others = await all_of(connector.stream(call_of()))
    assert (type(first["id"]), first["stars"], len(others)) == (UpstreamBadReply, 5, 3)


@pytest.mark.parametrize("values", [1_000_000, 10_000_000])
async def test_large_errors_do_not_keep_the_loop(values: int) -> None:
    """An `error` message of 7 MB; before, it kept the loop for 355 ms."""
    payload = msgspec.Raw(b"[" + b"1e300," * 1_200_000 + b"1]")
    outcome, longest = await outcome_of(lambda: decode_errors(added.operation, payload, Bounds(100, values)))
    assert isinstance(outcome, UpstreamBadReply) if values < 1_200_000 else len(outcome) == 1_200_001
    assert longest < BOUND


async def test_another_protocol_is_refused(connected: Connect) -> None:
    """The server agreed to none, such as one of the older graphql-ws."""
    async with Socket(subprotocol="") as socket:
        error = await failure(connected(introspection=False, subscription_url=socket.address))
    assert isinstance(error, UpstreamBadReply)


async def test_a_refusal_of_the_subprotocol_says_what_was_offered(connected: Connect, socket: Socket) -> None:
    """A server that speaks something else."""
    socket.refusal = 400
    error = await failure(
        connected(introspection=False, subscription_url=socket.address, subscriptions="graphql-transport-ws")
    )
    assert type(error) is UpstreamRejected
    assert "offered was the subprotocol graphql-transport-ws" in str(error)


async def test_events_come_from_a_server_without_websockets(connected: Connect) -> None:
    """It is tried once; then it is known."""
    targets: list[str] = []

    def serve(received: Received) -> Say:
        targets.append(received.method)
        if received.method == "GET":
            return response(b"", 404)
        stream = b'event: next\ndata: {"data": {"counted": 1}}\n\nevent: complete\n\n'
        return response(stream, content_type="text/event-stream")

    async with HttpWorld(serve) as world:
        connector = connected(introspection=False, address=f"{world.url}/graphql")
        for _ in range(2):
            assert await all_of(connector.stream(call_of(counted, arguments={"to": 1}))) == [1]
    assert targets == ["GET", "POST", "POST"]


async def test_a_server_with_neither_names_both(connected: Connect) -> None:
    """With the status of each."""
    async with HttpWorld(lambda received: response(b"", 404 if received.method == "GET" else 405)) as world:
        connector = connected(introspection=False, address=f"{world.url}/graphql")
        error = await failure(connector, call_of(counted, arguments={"to": 1}))
    assert error.upstream_code == "404"
    assert "offered was the subprotocol graphql-transport-ws or graphql-ws; and no event stream" in str(error)
    assert "405" in str(error)


async def test_a_silent_server_is_not_waited_for(connected: Connect, socket: Socket) -> None:
    """No connection_ack within the time for connecting."""
    socket.misbehaviour = "silent"
    began = time.monotonic()
    error = await failure(connected(introspection=False, subscription_url=socket.address, connect_timeout=0.2))
    assert type(error) is UpstreamTimeout
    assert time.monotonic() - began < GENEROUS


async def test_tls_is_the_upstreams(connected: Connect, tmp_path: Path) -> None:
    """Its own CA is trusted, and only where bff.yaml says so."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    async with Socket(tls=context) as socket:
        trusting = connected(introspection=False, subscription_url=socket.address, tls={"ca": tmp_path / "ca.pem"})
        assert len(await all_of(trusting.stream(call_of()))) == 3
        assert (
            type(await failure(connected(introspection=False, subscription_url=socket.address))) is UpstreamUnreachable
        )


async def test_nobody_there_is_unreachable(connected: Connect) -> None:
    """With host and port for the log."""
    error = await failure(connected(introspection=False, subscription_url=f"ws://127.0.0.1:{free_port()}/"))
    assert type(error) is UpstreamUnreachable


@pytest.mark.parametrize("seconds", [-1.0, 0.3])
async def test_a_deadline_ends_it(connector: GraphqlConnector, socket: Socket, seconds: float) -> None:
    """Where a call has one."""
    call = call_of(arguments={"product_id": "endless"}, deadline=time.monotonic() + seconds)
    assert type(await failure(connector, call)) is UpstreamTimeout


async def test_a_message_over_the_limit_is_refused(connected: Connect, socket: Socket) -> None:
    """`max_reply_size` holds for each message."""
    error = await failure(connected(introspection=False, subscription_url=socket.address, max_reply_size=60))
    assert type(error) is UpstreamReplyTooLarge


async def test_closing_ends_what_is_open(connector: GraphqlConnector, socket: Socket) -> None:
    """And nothing can be opened any more."""
    events = connector.stream(call_of(arguments={"product_id": "endless"}))
    for _ in range(3):
        await anext(events)
    await connector.close()
    with pytest.raises(UpstreamDisconnected):
        await anext(events)
    assert type(await failure(connector)) is UpstreamUnreachable


async def test_a_slow_viewer_slows_the_upstream_down(connector: GraphqlConnector, socket: Socket) -> None:
    """Messages that nobody takes stay with the upstream: of 50 MB, a few are on their way."""
    async with aclosing(connector.stream(call_of(up.subscription("flood"), arguments={}))) as events:
        await anext(events)
        await until(lambda: socket.sent > 1)
        await steady(lambda: socket.sent)
        assert 1 < socket.sent < 250
