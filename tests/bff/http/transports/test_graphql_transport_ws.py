"""graphql-transport-ws: the handshake, the state machine with every close code, and what a connection may use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bff.contract import Answer, Increments, Problem, Refused
from bff.http.options import Timeouts
from tests.bff.http.world import World, open_world
from tests.waiting import steady, time_limit, until

INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}
COUNT = "subscription { count(to: 2) }"
FOREVER = "subscription { count(to: 9, pause: 60) }"


class Client:
    """Speaks JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, *messages: Any) -> None:
        for message in messages:
            await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear(self) -> Any:
        async with time_limit():
            return json.loads(await self.socket.recv())

    async def closing(self) -> tuple[int, str]:
        """How the server closes, whatever it says before."""
        with suppress(ConnectionClosed):
            async with time_limit():
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


@asynccontextmanager
async def speaking(
    world: World, path: str = "/graphql", protocol: str = "graphql-transport-ws", **extra: Any
) -> AsyncIterator[Client]:
    url = world.url.replace("http", "ws") + path
    async with connect(url, subprotocols=[protocol], proxy=None, **extra) as socket:
        yield Client(socket)


@asynccontextmanager
async def acknowledged(world: World, payload: Any = None, **extra: Any) -> AsyncIterator[Client]:
    async with speaking(world, **extra) as client:
        await client.say(INIT if payload is None else {**INIT, "payload": payload})
        assert await client.hear() == ACK
        yield client


def subscribe(id: str, query: str, **payload: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": id, "payload": {"query": query, **payload}}


async def test_a_subscription(world: World) -> None:
    """Its events, then complete; then its id is free again."""
    async with acknowledged(world) as client:
        for _ in range(2):
            await client.say(subscribe("1", COUNT))
            assert await client.hear() == {"id": "1", "type": "next", "payload": {"data": {"count": 0}}}
            assert await client.hear() == {"id": "1", "type": "next", "payload": {"data": {"count": 1}}}
            assert await client.hear() == {"id": "1", "type": "complete"}


async def test_a_query_with_variables(world: World) -> None:
    """One event, then complete; everything reaches the gateway."""
    async with acknowledged(world, {"Authorization": "Bearer t"}, path="/graphql/phone") as client:
        query = "query A($n: String!) { hello(name: $n) }"
        await client.say(subscribe("1", query, variables={"n": "Ada"}, operationName="A", extensions=None))
        assert await client.hear() == {"id": "1", "type": "next", "payload": {"data": {"hello": "hello Ada"}}}
        assert await client.hear() == {"id": "1", "type": "complete"}
    [request] = world.gateway.requests
    assert (request.frontend, request.operation_name, request.client) == ("phone", "A", "127.0.0.1")
    assert request.headers["authorization"] == "Bearer t"
    assert len(request.headers["x-request-id"]) == 32


async def test_the_payload_sets_no_header_that_its_frontend_does_not_list(world: World) -> None:
    """An upstream that is sent x-user-id takes it for the word of a proxy."""
    payload = {"authorization": "Bearer t", "x-user-id": "1", "x-client": "phone"}
    async with acknowledged(world, payload) as client:
        await client.say(subscribe("1", "{ hello }"))
        assert (await client.hear())["type"] == "next"
    [request] = world.gateway.requests
    assert request.frontend == "phone"
    assert request.headers["authorization"] == "Bearer t"
    assert "x-user-id" not in request.headers


async def test_the_payload_may_choose_the_frontend(world: World) -> None:
    """As a header would."""
    async with acknowledged(world, {"X-Client": "phone"}) as client:
        await client.say(subscribe("1", "{ hello }"))
        await client.hear()
    assert world.gateway.requests[0].frontend == "phone"


async def test_a_request_error_ends_the_operation_alone(world: World) -> None:
    """An error message, no complete; the connection and the id go on."""
    async with acknowledged(world) as client:
        for payload in ({"query": "{ nope }"}, {"query": "{"}, {"query": ""}):
            await client.say({"type": "subscribe", "id": "1", "payload": payload})
            message = await client.hear()
            assert (message["id"], message["type"]) == ("1", "error")
            assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await client.say({"type": "ping"})
        assert await client.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "{ hello }",
        {},
        {"query": None},
        {"query": 7},
        {"query": ["{ hello }"]},
        {"query": "{ hello }", "variables": []},
        {"query": "{ hello }", "variables": "{}"},
        {"query": "{ hello }", "operationName": 1},
        {"query": "{ hello }", "extensions": "x"},
        {"documentId": 1},
    ],
)
async def test_a_payload_without_a_request_closes_the_socket(world: World, payload: Any) -> None:
    """The protocol: a message of a format that it does not specify closes with 4400, even while others run."""
    async with acknowledged(world) as client:
        await client.say(subscribe("1", FOREVER), {"type": "subscribe", "id": "2", "payload": payload})
        code, reason = await client.closing()
    assert code == 4400
    assert reason.startswith("Invalid message: ")
    await until(lambda: world.gateway.streams == 0)


@pytest.mark.parametrize(
    ("accept", "increments"),
    [
        (None, Increments.PATHS),
        ("*/*", Increments.PATHS),
        ("multipart/mixed; incrementalSpec=v0.2", Increments.IDS),
        ("multipart/mixed;deferSpec=20220824, application/json", Increments.PATHS),
        ("multipart/mixed; incrementalSpec=v9.9", Increments.PATHS),
    ],
)
@pytest.mark.parametrize("place", ["handshake", "connection_init"])
async def test_the_client_chooses_the_form_of_increments(
    world: World, place: str, accept: str | None, increments: Increments
) -> None:
    """By `Accept`, as over HTTP; browsers can set it in connection_init only."""
    headers = {} if accept is None else {"accept": accept}
    payload, extra = (None, {"additional_headers": headers}) if place == "handshake" else (headers, {})
    async with acknowledged(world, payload, **extra) as client:
        await client.say(subscribe("1", "{ hello }"))
        await client.hear()
    assert world.gateway.requests[0].increments is increments


async def test_the_unexpected_ends_the_operation_alone(world: World) -> None:
    """In safe words, with the id of the log line."""
    world.gateway.result = RuntimeError("the password is hunter2")
    async with acknowledged(world) as client:
        await client.say(subscribe("1", "{ hello }"))
        message = await client.hear()
        found_by = {"code": "INTERNAL", "requestId": world.gateway.requests[0].headers["x-request-id"]}
        payload = [{"message": "Something went wrong.", "extensions": found_by}]
        assert message == {"id": "1", "type": "error", "payload": payload}


async def test_operations_run_side_by_side(world: World) -> None:
    """A slow one does not hold up a quick one."""
    async with acknowledged(world) as client:
        await client.say(subscribe("slow", FOREVER), subscribe("quick", "{ hello }"))
        heard = [await client.hear() for _ in range(3)]
        assert {"id": "quick", "type": "complete"} in heard


async def test_pings(world: World) -> None:
    """Before and after the greeting, with what they carry; a pong needs no answer."""
    async with speaking(world) as client:
        await client.say({"type": "ping"}, {"type": "pong"}, {"type": "ping", "payload": {"n": 1}})
        assert await client.hear() == {"type": "pong"}
        assert await client.hear() == {"type": "pong", "payload": {"n": 1}}
        await client.say({**INIT, "payload": None})
        assert await client.hear() == ACK


async def test_complete_ends_a_subscription(world: World) -> None:
    """Nothing more of it is heard, and its id is free."""
    async with acknowledged(world) as client:
        await client.say(subscribe("1", FOREVER))
        assert (await client.hear())["type"] == "next"
        await client.say({"type": "complete", "id": "1"}, subscribe("1", "{ hello }"))
        assert (await client.hear())["payload"] == {"data": {"hello": "hello world"}}
        assert world.gateway.streams == 0


async def test_complete_ends_a_query(world: World) -> None:
    """Its answer is not sent, its work is cancelled."""
    world.gateway.delay = 60
    async with acknowledged(world) as client:
        await client.say(subscribe("1", "{ hello }"))
        await until(lambda: world.gateway.requests)
        await client.say({"type": "complete", "id": "1"}, {"type": "complete", "id": "unknown"}, {"type": "ping"})
        assert await client.hear() == {"type": "pong"}
    assert world.gateway.cancelled == 1


async def test_a_socket_that_goes_takes_everything_with_it(world: World) -> None:
    """Closed or torn."""
    for tear in (False, True):
        async with acknowledged(world) as client:
            await client.say(*(subscribe(str(number), FOREVER) for number in range(5)))
            for _ in range(5):
                await client.hear()
            assert world.gateway.streams == 5
            if tear:
                client.socket.transport.abort()
        await until(lambda: world.gateway.streams == 0)


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", "graphql-ws"])
async def test_an_expired_credential_closes_the_connection(world: World, protocol: str) -> None:
    """With the code at which clients get a new token and connect again; another refusal does not."""
    async with speaking(world, protocol=protocol) as client:
        await client.say(INIT)
        start = {"type": "start"} if protocol == "graphql-ws" else {}
        world.gateway.result = Refused("INVALID_CREDENTIAL", "The token is for another audience.", status=401)
        await client.say({**subscribe("1", COUNT), **start})
        world.gateway.result = Refused("CREDENTIAL_EXPIRED", "The token has expired.", status=401)
        await client.say({**subscribe("2", COUNT), **start})
        assert await client.closing() == (4403, "Forbidden: credential expired")


@pytest.mark.parametrize("protocol", ["graphql-transport-ws", "graphql-ws"])
async def test_a_subscription_that_a_reload_ends_is_no_error(world: World, protocol: str) -> None:
    """Clients do not come back after an error or complete; they do after 1012."""
    async with speaking(world, protocol=protocol) as client:
        await client.say(INIT)
        start = {"type": "start"} if protocol == "graphql-ws" else {}

        async def ending() -> AsyncGenerator[Answer, None]:
            yield Answer(data={"n": 1})
            raise Problem.SERVER_STOPPING.refusal("The configuration was reloaded; subscribe again.")

        world.gateway.result = ending()
        await client.say({**subscribe("1", COUNT), **start})
        assert await client.closing() == (1012, "Service restart: the configuration was reloaded")


@pytest.mark.parametrize(
    ("messages", "code", "reason"),
    [
        ([subscribe("1", COUNT)], 4401, "Unauthorized"),
        ([INIT, INIT], 4429, "Too many initialisation requests"),
        ([INIT, subscribe("1", FOREVER), subscribe("1", FOREVER)], 4409, "Subscriber for 1 already exists"),
        (["no json"], 4400, "Invalid message: not JSON"),
        (['"\\ud800"'], 4400, "Invalid message: not JSON"),
        ([INIT, "[" * 100_000], 4400, "Invalid message: not JSON"),
        ([INIT, "9" * 100_000], 4400, "Invalid message: not JSON"),
        ([b"{}"], 4400, "Invalid message: send text, not binary"),
        ([[INIT]], 4400, "Invalid message: send an object with a type"),
        ([{}], 4400, "Invalid message: send an object with a type"),
        ([{"type": 1}], 4400, "Invalid message: send an object with a type"),
        ([{"type": "start"}], 4400, "Invalid message: 'start' is not a message type of clients"),
        ([{"type": "connection_ack"}], 4400, "Invalid message: 'connection_ack' is not a message type of clients"),
        ([{**INIT, "payload": []}], 4400, "Invalid message: payload must be an object"),
        ([{"type": "ping", "payload": 1}], 4400, "Invalid message: payload must be an object"),
        (
            [{**INIT, "payload": {"authorization": "a\nb"}}],
            4400,
            "Invalid message: the value of authorization cannot be a header",
        ),
        ([INIT, {"type": "subscribe", "payload": {}}], 4400, "Invalid message: subscribe needs an id"),
        (
            [INIT, {"type": "subscribe", "id": "", "payload": {"query": COUNT}}],
            4400,
            "Invalid message: subscribe needs an id",
        ),
        (
            [INIT, {"type": "subscribe", "id": 1, "payload": {"query": COUNT}}],
            4400,
            "Invalid message: subscribe needs an id",
        ),
        ([INIT, {"type": "complete", "id": ""}], 4400, "Invalid message: complete needs an id"),
        (
            [INIT, subscribe("é" * 200, FOREVER), subscribe("é" * 200, FOREVER)],
            4409,
            f"Subscriber for {'é' * 46} already exists",
        ),
        (
            [INIT, {"type": "subscribe", "id": "", "payload": {}}],
            4400,
            "Invalid message: subscribe needs an id",
        ),
        ([INIT, subscribe("1" * 1001, COUNT)], 4400, "Invalid message: an id has at most 1000 characters"),
        ([INIT, {"type": "complete"}], 4400, "Invalid message: complete needs an id"),
    ],
)
async def test_breaking_the_protocol(world: World, messages: list[Any], code: int, reason: str) -> None:
    """Each way has its close code (PROTOCOL.md of graphql-ws)."""
    async with speaking(world, compression=None) as client:
        await client.say(*messages)
        assert await client.closing() == (code, reason)
    await until(lambda: world.gateway.streams == 0)


async def test_a_client_that_does_not_greet() -> None:
    """Is not waited for, even when it keeps talking."""
    async with open_world(Timeouts(connection_init=0.2)) as world, speaking(world) as client:
        await client.say({"type": "ping"})
        assert await client.closing() == (4408, "Connection initialisation timeout")


async def test_a_client_that_has_greeted_may_be_silent() -> None:
    """The time was for the greeting alone."""
    async with open_world(Timeouts(connection_init=0.2)) as world, acknowledged(world) as client:
        await asyncio.sleep(0.4)
        await client.say({"type": "ping"})
        assert await client.hear() == {"type": "pong"}


async def test_operations_are_bounded() -> None:
    """One too many is told so; the others go on, and one that ends makes room."""
    async with open_world(subscriptions={"max_operations": 2}) as world, acknowledged(world) as client:
        await client.say(subscribe("1", FOREVER), subscribe("2", FOREVER))
        assert {(await client.hear())["type"] for _ in range(2)} == {"next"}
        await client.say(subscribe("3", FOREVER))
        message = await client.hear()
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await client.say({"type": "complete", "id": "1"}, subscribe("3", FOREVER))
        message = await client.hear()
        assert (message["id"], message["type"]) == ("3", "next")


@pytest.mark.parametrize(("compression", "codes"), [(None, {1009}), ("deflate", {1009, 4400})])
async def test_messages_are_bounded(compression: str | None, codes: set[int]) -> None:
    """Before they are put together (RFC 6455, section 7.4.1), also when millions of blanks came as a few bytes."""
    async with (
        open_world(websocket={"max_message_size": 10_000}) as world,
        acknowledged(world, compression=compression) as client,
    ):
        with suppress(ConnectionClosed):  # before everything is sent
            await client.say(subscribe("1", "{ hello }" + " " * 5_000_000))
        assert (await client.closing())[0] in codes
    assert world.gateway.requests == []


async def test_a_reader_that_stops_stops_the_upstream_too(world: World) -> None:
    """Events are asked for as they are written: memory stays flat."""
    async with acknowledged(world, max_queue=1, compression=None) as client:
        await client.say(subscribe("1", "subscription { big }"))
        await until(lambda: world.gateway.events > 10)
        await steady(lambda: world.gateway.events)
        assert world.gateway.events < 5000
        client.socket.transport.abort()
    await until(lambda: world.gateway.streams == 0)


async def test_any_plain_python_can_be_an_event(world: World) -> None:
    """As over HTTP."""
    world.gateway.result = Answer(data={"n": 2**80})
    async with acknowledged(world) as client:
        await client.say(subscribe("1", "{ hello }"))
        assert (await client.hear())["payload"] == {"data": {"n": 2**80}}


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [
                    "connection_init",
                    "subscribe",
                    "start",
                    "stop",
                    "complete",
                    "connection_terminate",
                    "ping",
                    "pong",
                    "next",
                    "",
                ]
            )
        },
        optional={
            "id": st.sampled_from(["1", "2", "", 3, None]),
            "payload": st.sampled_from(
                [None, {}, [], "x", {"query": COUNT}, {"query": FOREVER}, {"query": "{ hello }"}, {"query": 1}]
            ),
        },
    )
    | st.text(max_size=20)
    | st.binary(max_size=20),
    max_size=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=MESSAGES, protocol=st.sampled_from(["graphql-transport-ws", "graphql-ws"]))
async def test_no_conversation_breaks_the_server(
    world: World, messages: list[Any], protocol: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with a code of the protocol or goes on; nothing is left running, nothing unexpected is logged."""
    async with speaking(world, protocol=protocol) as client:
        with suppress(TimeoutError, ConnectionClosed):
            await client.say(*messages, INIT)
            async with asyncio.timeout(0.05):
                while True:
                    await client.socket.recv()
        assert client.socket.close_code in {None, 1000, 4400, 4401, 4409, 4429}
    await until(lambda: world.gateway.streams == 0)
    async with acknowledged(world) as client:
        await client.say({"type": "ping"})
        assert await client.hear() == {"type": "pong"}
    await until(lambda: not any("Connection" in repr(task) for task in asyncio.all_tasks()))
    assert "Traceback" not in capsys.readouterr().out


async def test_a_server_that_stops_says_so() -> None:
    """1001: clients connect again, and nothing is left."""
    async with open_world() as world:
        socket = await connect(
            world.url.replace("http", "ws") + "/graphql", subprotocols=["graphql-transport-ws"], proxy=None
        )
        client = Client(socket)
        await client.say(INIT, subscribe("1", FOREVER))
        assert [(await client.hear())["type"] for _ in range(2)] == ["connection_ack", "next"]
    assert (await client.closing())[0] == 1001
    assert world.gateway.streams == 0
