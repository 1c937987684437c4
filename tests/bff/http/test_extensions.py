"""What our server offers beside ASGI, over real connections: the same bytes as ASGI gives, in one write."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from bff.contract import Answer
from bff.http.door import http_app
from bff.http.extensions import Direct, get_direct
from bff.http.options import Options
from bff.http.server.http_protocol import BoundedHttp
from tests.bff.http.world import FakeGateway, World, connected, open_world, reply
from tests.serving import serving
from tests.waiting import GENEROUS, idle, steady, time_limit, until

BODY = b'{"query": "{ hello }"}'
POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(BODY)
ASK = POST + BODY
LIVE = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
HELLO = b'{"data":{"hello":"hello world"}}'


async def everything(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts: list[bytes] = []
    async with time_limit():
        while part := await asyncio.to_thread(client.recv, 1_000_000):
            parts.append(part)
    return b"".join(parts)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the server gives its sockets, one by one."""
    made: list[bytes] = []

    class Watched:
        def __init__(self, transport: Any) -> None:
            self._transport = transport

        def write(self, data: bytes) -> None:
            made.append(bytes(data))
            self._transport.write(data)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._transport, name)

    connection_made = BoundedHttp.connection_made

    def watched(self: BoundedHttp, transport: Any) -> None:
        connection_made(self, Watched(transport))  # type: ignore[arg-type]

    monkeypatch.setattr(BoundedHttp, "connection_made", watched)
    return made


async def test_an_answer_is_one_write(writes: list[bytes], world: World) -> None:
    """Head and body together, for each request of a connection that is kept."""
    with connected(world) as client:
        for _ in range(3):
            client.sendall(ASK)
            assert (await reply(client)).endswith(b"\r\n\r\n" + HELLO)
    assert len(writes) == 3


@pytest.mark.parametrize(
    "request_",
    [
        ASK,
        LIVE,
        LIVE.replace(b"GET", b"HEAD"),
        LIVE.replace(b"GET", b"POST"),
        LIVE.replace(b"1.1\r\n", b"1.0\r\n"),
        LIVE.replace(b"host: x", b"host: x\r\nconnection: close"),
        ASK.replace(b"HTTP/1.1", b"HTTP/1.0"),
        ASK.replace(b"application/json", b"text/plain"),
        LIVE.replace(b"/live", b"/nowhere"),
        LIVE.replace(b"GET /live", b"OPTIONS /graphql"),
    ],
)
async def test_it_is_what_asgi_would_send(request_: bytes, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status line, headers in their order, body, and whether the connection is kept."""
    told = []
    for is_direct in (True, False):
        if not is_direct:
            monkeypatch.setattr(BoundedHttp, "respond", lambda *_: False)
        with connected(world) as client:
            client.sendall(request_ + LIVE.replace(b"host: x", b"host: x\r\nconnection: close"))
            got = await everything(client)
        told.append(re.sub(rb"(date|x-request-id): [^\r]*|\"id\":\"\w+\"", rb"\1", got))
    assert told[0].startswith(b"HTTP/1.1 ")
    assert told[0] == told[1]


async def test_the_head_alone(world: World) -> None:
    """HEAD has the length of what GET would give, and no body: what follows on the connection is the next answer."""
    with connected(world) as client:
        client.sendall(LIVE.replace(b"GET", b"HEAD") + LIVE.replace(b"host: x", b"host: x\r\nconnection: close"))
        got = await everything(client)
    first, second, body = got.split(b"\r\n\r\n")
    assert (first.count(b"HTTP/1.1 200 OK"), second.count(b"HTTP/1.1 200 OK")) == (1, 1)
    assert b"content-length: %d" % len(body) in first
    assert b"connection: close" not in first
    assert b"connection: close" in second


async def test_pipelined_requests_of_all_kinds_are_answered_in_order(world: World) -> None:
    """Those that are answered in one write, those that ASGI answers, and events, on one connection."""
    count = json.dumps({"query": "subscription { count(to: 2) }"}).encode()
    events = POST.replace(
        b"content-length: %d" % len(BODY), b"accept: text/event-stream\r\ncontent-length: %d" % len(count)
    )
    page = LIVE.replace(b"/live", b"/graphql").replace(b"host: x", b"host: x\r\naccept: text/html")
    last = LIVE.replace(b"host: x", b"host: x\r\nconnection: close")
    with connected(world) as client:
        client.sendall(ASK + events + count + LIVE + page + ASK + last)
        got = await everything(client)
    kinds = re.findall(rb"HTTP/1.1 200 OK\r\n(?:[^\r]+\r\n)*?content-type: ([a-z/-]+)", got)
    json_, event, html = b"application/json", b"text/event-stream", b"text/html"
    assert kinds == [json_, event, json_, html, json_, json_]
    assert got.count(HELLO) == 2


async def test_who_reads_nothing_is_not_answered_endlessly() -> None:
    """While a client's socket is full, the requests behind it wait; they are all answered when it reads."""
    async with open_world() as world:
        world.gateway.result = Answer(data={"text": "x" * 400_000})
        with connected(world) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200_000)
            client.sendall(ASK * 59 + ASK.replace(b"host: x", b"host: x\r\nconnection: close"))
            await until(lambda: world.gateway.requests)
            await steady(lambda: len(world.gateway.requests))
            assert len(world.gateway.requests) < 40
            got = await everything(client)
        assert (got.count(b"HTTP/1.1 200 OK"), got.count(b"x" * 400_000)) == (60, 60)


async def test_bodies_in_pieces(world: World) -> None:
    """Whole with the head, in two packets, byte by byte, and only when the server says that it wants it."""
    with connected(world) as client:
        for pieces in ([ASK], [POST, BODY], [POST + BODY[:5], BODY[5:]], [POST, *(bytes([each]) for each in BODY)]):
            for piece in pieces:
                client.sendall(piece)
                await asyncio.sleep(0.01)
            assert (await reply(client)).endswith(HELLO)
        client.sendall(POST.replace(b"host: x", b"host: x\r\nexpect: 100-continue"))
        assert await asyncio.to_thread(client.recv, 1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(BODY)
        assert (await reply(client)).endswith(HELLO)
    assert {request.query for request in world.gateway.requests} == {"{ hello }"}


async def test_who_hangs_up_is_worked_for_no_more(world: World) -> None:
    """Neither the request under way nor those behind it; others go on, and so does the server."""
    world.gateway.delay = 60
    with connected(world) as client:
        client.sendall(ASK * 3)
        await until(lambda: world.gateway.requests)
        other = connected(world)
        other.sendall(ASK)
        await until(lambda: len(world.gateway.requests) == 2)
    await until(lambda: world.gateway.cancelled == 1)
    await idle()
    assert (len(world.gateway.requests), world.gateway.cancelled) == (2, 1)
    other.close()
    await until(lambda: world.gateway.cancelled == 2)
    world.gateway.delay = 0
    assert (await world.post("{ hello }")).status_code == 200


async def test_who_hangs_up_with_get_requests_in_line_is_worked_for_no_more(world: World) -> None:
    """As with POST."""
    world.gateway.delay = 60
    with connected(world) as client:
        client.sendall(LIVE.replace(b"/live", b"/graphql?query={hello}") * 2)
        await until(lambda: world.gateway.requests)
    await until(lambda: world.gateway.cancelled == 1)


App = Callable[[Any, Any, Any], Awaitable[None]]


def app_of(work: Callable[[Direct, Any, Any], Awaitable[None]], failed: list[BaseException]) -> App:
    """An application that uses what the server offers; what it raises is kept for the test."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        direct = get_direct(scope)
        assert direct is not None
        try:
            await work(direct, receive, send)
        except AssertionError as error:
            failed.append(error)
            raise

    return app


async def exchanged(work: Callable[[Direct, Any, Any], Awaitable[None]], sent: bytes, answers: int = 1) -> bytes:
    """The bytes that a client gets for what it sent."""
    failed: list[BaseException] = []
    got = b""
    async with serving(app_of(work, failed)) as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=GENEROUS) as client:
            client.sendall(sent)
            async with time_limit():
                while got.count(b"HTTP/1.1 ") < answers or not got.endswith(b"."):
                    part = await asyncio.to_thread(client.recv, 65536)
                    if not part:
                        break
                    got += part
    if failed:
        raise failed[0]
    return got


OK = [(b"content-length", b"3")]


async def test_nothing_is_answered_twice() -> None:
    """Neither after an answer nor after one that ASGI began; and that says so instead of breaking the connection."""

    async def work(direct: Direct, receive: Any, send: Any) -> None:
        assert direct.whole_body() == b""
        assert direct.respond(200, OK, b"ok.")
        assert not direct.respond(200, OK, b"no.")

    assert (await exchanged(work, LIVE)).endswith(b"\r\n\r\nok.")

    async def begun(direct: Direct, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": OK})
        assert not direct.respond(200, OK, b"no.")
        await send({"type": "http.response.body", "body": b"ok."})

    got = await exchanged(begun, LIVE)
    assert (got.count(b"HTTP/1.1"), got.endswith(b"ok.")) == (1, True)


@pytest.mark.parametrize(
    "header", [(b"x-a", b"b\r\nx-evil: 1"), (b"x-a\r\nx-evil", b"1"), (b"x-a", b"b\nx-evil: 1"), (b"x-a", b"b\r")]
)
async def test_a_header_that_would_be_two_is_left_to_uvicorn(header: tuple[bytes, bytes]) -> None:
    """With nothing sent yet, so that it can still be answered otherwise."""

    async def work(direct: Direct, receive: Any, send: Any) -> None:
        assert not direct.respond(200, [*OK, header], b"no.")
        assert direct.respond(500, OK, b"ok.")

    got = await exchanged(work, LIVE)
    assert got.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"evil" not in got
    assert b"no." not in got


async def test_a_body_that_is_not_all_here_is_received_as_asgi_does() -> None:
    """And one that is, is given once."""
    had: list[bytes | None] = []

    async def work(direct: Direct, receive: Any, send: Any) -> None:
        had.append(direct.whole_body())
        if had[-1] is None:
            message = await receive()
            had.append(message["body"])
        assert direct.respond(200, OK, b"ok.")

    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n"
    await exchanged(work, head + b"abcd" + head.replace(b"4", b"0"), answers=2)
    assert had == [b"abcd", b""]
    had.clear()
    await exchanged(work, head + b"ab")
    assert had == [None, b"ab"]


async def test_a_hang_up_is_told_once_and_only_to_whom_it_concerns() -> None:
    """Not for a request that is answered; `is_gone`, `whole_body` and `respond` know it, with others behind it too."""
    told: list[int] = []
    gone: list[int] = []
    begun = 0

    async def work(direct: Direct, receive: Any, send: Any) -> None:
        nonlocal begun
        number, begun = begun, begun + 1
        assert not direct.is_gone
        assert direct.whole_body() == b""  # after which the connection is read on
        if number != 1:
            direct.hung_up = lambda: told.append(number)
        if number == 0:
            assert direct.respond(200, OK, b"ok.")
            return
        while not direct.is_gone:
            await asyncio.sleep(0.005)
        assert direct.whole_body() is None
        assert not direct.respond(200, OK, b"no.")
        gone.append(number)

    failed: list[BaseException] = []
    async with serving(app_of(work, failed)) as url:
        where = ("127.0.0.1", int(url.rpartition(":")[2]))
        for sent, first in ((LIVE * 2, 1), (LIVE * 3, 2)):
            with socket.create_connection(where, timeout=GENEROUS) as client:
                client.sendall(sent)
                await until(lambda first=first: failed or begun == first + 1)
            await until(lambda first=first: failed or len(gone) == first)
        await idle()
    assert (failed, gone, told, begun) == ([], [1, 2], [2], 3)


async def test_who_receives_on_is_told_that_it_is_answered() -> None:
    """As ASGI says: `http.disconnect` comes after the response, also to who waited for it before."""
    received: list[str] = []

    async def work(direct: Direct, receive: Any, send: Any) -> None:
        assert (direct.whole_body(), direct.whole_body()) == (b"abcd", b"")
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        assert direct.respond(200, OK, b"ok.")
        async with time_limit():
            received.append((await waiting)["type"])

    await exchanged(work, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nabcd")
    await until(lambda: received)
    assert received == ["http.disconnect"]


async def test_on_other_servers_asgi_does_it_all() -> None:
    """Answers are the same, and who hangs up is still worked for no more."""
    gateway = FakeGateway()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    server = uvicorn.Server(uvicorn.Config(http_app(lambda: gateway, Options()), http="h11", log_config=None))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    with socket.create_connection(listening.getsockname(), timeout=GENEROUS) as client:
        client.sendall(ASK)
        assert (await reply(client)).endswith(HELLO)
        gateway.delay = 60
        client.sendall(ASK)
        await until(lambda: len(gateway.requests) == 2)
    await until(lambda: gateway.cancelled == 1)
    server.should_exit = True
    await running
    assert get_direct({}) is get_direct({"state": {}}) is None
