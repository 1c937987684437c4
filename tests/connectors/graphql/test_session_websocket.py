"""What goes over the wire with both websocket subprotocols."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from connectors.contract import Call
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamRejected, UpstreamUnauthenticated
from connectors.graphql.connector import connect
from connectors.graphql.endpoints import graphql
from connectors.graphql.options import Options
from tests.waiting import GENEROUS, time_limit

tick = graphql("api").subscription("tick")
Speak = Callable[["Server", ServerConnection], Any]


class Server:
    """Sends the messages of a script, one list after each message that it receives."""

    def __init__(self, script: list[list[dict[str, Any]]]) -> None:
        self.script = script
        self.received: list[dict[str, Any]] = []
        self.closed: tuple[int | None, str | None] = (None, None)
        self.url = ""

    async def speak(self, connection: ServerConnection) -> None:
        script = iter(self.script)
        try:
            async for raw in connection:
                self.received.append(json.loads(raw))
                for message in next(script, []):
                    await connection.send(json.dumps(message))
        except ConnectionClosed:
            self.closed = connection.close_code, connection.close_reason

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.received]


@asynccontextmanager
async def serving(script: list[list[dict[str, Any]]], *subprotocols: str) -> AsyncGenerator[Server]:
    server = Server(script)
    names = [Subprotocol(each) for each in subprotocols]
    async with serve(server.speak, "127.0.0.1", 0, subprotocols=names) as listening:
        server.url = f"ws://127.0.0.1:{next(iter(listening.sockets)).getsockname()[1]}/"
        yield server


async def watch(server: Server, most: int = 10, **options: Any) -> list[Any]:
    given = {"address": "http://127.0.0.1:1/", "introspection": False, "connect_timeout": GENEROUS, **options}
    connector = connect("api", Options.model_validate({**given, "subscription_url": server.url}))
    seen: list[Any] = []
    try:
        async with time_limit(), aclosing(connector.stream(Call(operation=tick.operation))) as events:
            async for event in events:
                seen.append(event.data)
                if len(seen) == most:
                    break
    finally:
        await connector.close()
    return seen


def data(number: int, kind: str = "data") -> dict[str, Any]:
    return {"id": "1", "type": kind, "payload": {"data": {"tick": number}}}


ACK = {"type": "connection_ack"}
KEEP_ALIVE = {"type": "ka"}
COMPLETE = {"id": "1", "type": "complete"}


async def test_the_older_subprotocol() -> None:
    """With messages that keep it alive anywhere; the client says goodbye."""
    script = [[KEEP_ALIVE, ACK, KEEP_ALIVE], [data(1), KEEP_ALIVE, data(2), COMPLETE]]
    async with serving(script, "graphql-ws") as server:
        assert await watch(server) == [1, 2]
    assert server.types == ["connection_init", "start", "connection_terminate"]
    assert server.received[1]["payload"] == {"query": "subscription tick { tick }"}


async def test_leaving_the_older_subprotocol_stops_it() -> None:
    """Nothing runs on upstream."""
    async with serving([[ACK], [data(1), data(2)]], "graphql-ws") as server:
        assert await watch(server, most=1) == [1]
    assert server.types == ["connection_init", "start", "stop", "connection_terminate"]


async def test_the_upstream_chooses_the_newer_one_first() -> None:
    """Where it speaks both."""
    async with serving([[ACK], [data(1, "next"), COMPLETE]], "graphql-transport-ws", "graphql-ws") as server:
        assert await watch(server) == [1]
    assert server.types == ["connection_init", "subscribe"]


async def test_an_option_chooses() -> None:
    """For an upstream that chooses badly."""
    async with serving([[ACK], [data(1), COMPLETE]], "graphql-transport-ws", "graphql-ws") as server:
        assert await watch(server, subscriptions="graphql-ws") == [1]
    assert server.types[1] == "start"


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        ({"message": "no token", "extensions": {"code": "UNAUTHENTICATED"}}, UpstreamUnauthenticated),
        ({"message": "no token"}, UpstreamRejected),
        ([{"message": "no token"}], UpstreamRejected),
        (None, UpstreamRejected),
    ],
)
async def test_a_refused_init_of_the_older_subprotocol(payload: Any, kind: type[UpstreamError]) -> None:
    """It has a message of its own."""
    async with serving([[{"type": "connection_error", "payload": payload}]], "graphql-ws") as server:
        with pytest.raises(UpstreamError) as caught:
            await watch(server)
    assert type(caught.value) is kind
    assert payload is None or "no token" in str(caught.value)


@pytest.mark.parametrize("payload", [{"message": "bad field"}, [{"message": "bad field"}]])
async def test_an_error_of_the_older_subprotocol_is_one_or_a_list(payload: Any) -> None:
    """Servers differ."""
    async with serving([[ACK], [{"id": "1", "type": "error", "payload": payload}]], "graphql-ws") as server:
        with pytest.raises(UpstreamError, match="bad field"):
            await watch(server)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ([[ACK, ACK]], "connection_ack"),
        ([[ACK], [{"type": "what", "id": "1"}]], "what"),
        ([[ACK], [{"type": "data", "id": "1"}]], "data"),
        ([[ACK], [{"type": "connection_ack"}]], "connection_ack"),
        ([[{"type": "next", "id": "1"}]], "next"),
        ([[{"type": "\u00e9\u00e9" * 200, "id": "1"}]], r"\xe9"),
    ],
)
async def test_a_message_that_does_not_belong_there_closes_the_socket(script: list[Any], kind: str) -> None:
    """With 4400, and the type of the message."""
    async with serving(script, "graphql-transport-ws") as server:
        with pytest.raises(UpstreamBadReply, match="got a message of type"):
            await watch(server)
    code, reason = server.closed
    assert code == 4400
    assert kind in (reason or "")


async def test_messages_of_other_operations_are_left_out() -> None:
    """Such as a late one of an operation that has ended."""
    late = {"id": "9", "type": "next", "payload": {"data": {"tick": 9}}}
    async with serving([[ACK], [late, data(1, "next"), COMPLETE]], "graphql-transport-ws") as server:
        assert await watch(server) == [1]
