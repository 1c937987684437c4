"""Uvicorn's HTTP protocol with limits: heads, refused bodies, idle connections, pipelining."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bff.http.door import http_app
from bff.http.options import Options, Timeouts
from bff.http.server.http_protocol import BoundedHttp
from tests.bff.http.world import FakeGateway, World, connected, open_world, reply
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit, until


async def received(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    try:
        while part := await asyncio.to_thread(client.recv, 65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


async def test_a_head_without_end(world: World) -> None:
    """431, whether it is one header or many."""
    for line in (b"a", b"x-a: b\r\n"):
        with connected(world) as client:
            client.sendall(b"GET /live HTTP/1.1\r\nhost: x\r\nx-long: ")
            try:
                for _ in range(100):
                    client.sendall(line * (20_000 // len(line)))
                    await asyncio.sleep(0.001)
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = await received(client)
            assert answer.startswith(b"HTTP/1.1 431") or not answer


@pytest.mark.parametrize("end", [b"", b" HTTP/1.1\r\nhost: x\r\n\r\n"])
async def test_a_target_that_is_too_long(world: World, end: bytes) -> None:
    """414, whether it ends or not."""
    with connected(world) as client:
        await asyncio.to_thread(client.sendall, b"GET /graphql?query=" + b"a" * 70_000 + end)
        async with time_limit():
            assert (await received(client)).startswith(b"HTTP/1.1 414 ")


async def test_empty_lines_without_end(world: World) -> None:
    """431, though no request has begun."""
    with connected(world) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            await asyncio.to_thread(client.sendall, b"\r\n" * 70_000)
        async with time_limit():
            answer = await received(client)
    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 ")) or not answer


@pytest.mark.parametrize("sent", [b"", b"GET /live HT", b"GET /live HTTP/1.1\r\nhost: x\r\nx-slow: "])
async def test_a_head_that_does_not_come(sent: bytes) -> None:
    """The connection is closed, also when a good request came before."""
    async with open_world(Timeouts(head=0.2)) as world:
        good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
        for before in (b"", good):
            if before and not sent:
                continue  # that is an idle connection, which is kept
            with connected(world) as client:
                client.sendall(before + sent)
                async with time_limit():
                    answer = await received(client)
                assert answer.startswith(b"HTTP/1.1 200") == bool(before)


async def test_an_idle_connection_is_kept() -> None:
    """The clock runs for those who have begun something."""
    async with open_world(Timeouts(head=0.1)) as world:
        good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
        with connected(world) as client:
            for _ in range(2):
                client.sendall(good)
                assert (await reply(client)).startswith(b"HTTP/1.1 200")
                await asyncio.sleep(0.3)


async def test_a_connection_that_is_not_used_any_more_is_closed() -> None:
    """So long after its last answer; neither earlier nor while one is being made."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1.2 if scope.get("path") == "/slow" else 0)
        await http_app(lambda: FakeGateway(), Options())(scope, receive, send)

    async with serving(slow, timeouts=Timeouts(idle_connection=1)) as url, time_limit():
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=GENEROUS) as client:
            for path in (b"/live", b"/live", b"/slow", b"/live"):
                asked = asyncio.get_running_loop().time()
                client.sendall(b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path)
                assert (await reply(client)).startswith(b"HTTP/1.1 404" if path == b"/slow" else b"HTTP/1.1 200")
                await asyncio.sleep(0.1)
            began = asyncio.get_running_loop().time()
            assert await received(client) == b""
            assert asyncio.get_running_loop().time() - asked >= 1
            assert asyncio.get_running_loop().time() - began < GENEROUS


async def test_a_refused_body_is_read_so_that_the_refusal_is(world: World) -> None:
    """A client that sends everything before it reads still gets its 413, and the connection is good for more."""
    for _ in range(2):
        answer = await world.client.post(
            f"{world.url}/graphql", content=b"x" * 20_000_000, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413


async def test_a_refused_body_without_end(world: World) -> None:
    """Neither in bytes nor in time."""
    head = b"POST /nope HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n"
    with connected(world) as client:
        client.sendall(head)
        assert (await reply(client)).startswith(b"HTTP/1.1 404")
        sent = 0
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 100_000_000:
                client.sendall(b"x" * 100_000)
                sent += 100_000
                await asyncio.sleep(0)
        assert sent < 100_000_000
    async with open_world(Timeouts(head=0.3)) as hasty:
        with connected(hasty) as client:
            client.sendall(head)
            await reply(client)
            client.sendall(b"x")
            async with time_limit():
                assert await received(client) == b""


async def test_requests_that_nobody_reads_the_answers_of(world: World) -> None:
    """A few may wait in line; a client that sends thousands is cut off."""
    world.gateway.delay = 60
    body = b'{"query": "{ hello }"}'
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    with connected(world) as client:
        client.sendall((head + body) * 500)
        async with time_limit():
            assert await received(client) == b""
    await until(lambda: world.gateway.cancelled == len(world.gateway.requests))


async def test_requests_in_one_packet(world: World) -> None:
    """Are answered in order."""
    good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
    with connected(world) as client:
        client.sendall(good * 3 + good.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        assert (await received(client)).count(b"HTTP/1.1 200") == 4


_BODY = b'{"query":"{ hello }"}'
_POST = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
_GOOD = _POST + b"content-length: %d\r\n\r\n" % len(_BODY) + _BODY
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.mark.parametrize("delay", [0, 0.1])
@pytest.mark.parametrize(
    ("junk", "status"),
    [
        (b"\x16\x03\x01\x00junk", b"400"),
        (b"GARBAGE\r\n\r\n", b"400"),
        (b"trailing", b"400"),
        (b"GET /graphql HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 100_000 + b"\r\n\r\n", b"431"),
        (_POST + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", b"400"),
        (_POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n", b"400"),
        (_POST + b"content-length: abc\r\n\r\n", b"400"),
        (b"GET http:///graphql HTTP/1.1\r\nhost: x\r\n\r\n", b"400"),
        (_UPGRADE, b"400"),
    ],
)
@pytest.mark.parametrize("before", [1, 3])
async def test_junk_behind_good_requests_does_not_replace_their_answers(
    world: World, junk: bytes, status: bytes, delay: float, before: int
) -> None:
    """All answers come first, then the refusal, then the connection is closed."""
    world.gateway.delay = delay
    with connected(world) as client:
        await asyncio.to_thread(client.sendall, _GOOD * before + junk)
        async with time_limit():
            answer = await received(client)
    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200"] * before + [status]
    assert answer.count(b"hello world") == before


async def test_more_junk_while_the_answer_is_under_way(world: World) -> None:
    """It is read and ignored."""
    world.gateway.delay = 0.2
    with connected(world) as client:
        await asyncio.to_thread(client.sendall, _GOOD + b"junk\r\n\r\n")
        await until(lambda: bool(world.gateway.requests))
        await asyncio.to_thread(client.sendall, (b"more " * 4000 + _GOOD))
        async with time_limit():
            answer = await received(client)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]
    assert len(world.gateway.requests) == 1


async def test_half_a_head_behind_a_slow_request() -> None:
    """Its timeout does not cost the answer that is under way; nothing comes after it."""
    async with open_world(Timeouts(head=0.1)) as world:
        world.gateway.delay = 0.4
        with connected(world) as client:
            await asyncio.to_thread(client.sendall, _GOOD + b"GET /graphql HT")
            async with time_limit():
                answer = await received(client)
    assert answer.count(b"HTTP/1.1") == 1
    assert answer.endswith(b'{"data":{"hello":"hello world"}}')


async def test_a_broken_body(world: World) -> None:
    """400, and nothing runs; the reading of it ends."""
    with connected(world) as client:
        await asyncio.to_thread(client.sendall, _POST + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\nzz\r\n")
        async with time_limit():
            answer = await received(client)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    assert not world.gateway.requests


def test_the_insides_of_uvicorn() -> None:
    """What `http_protocol` overrides or reads is still there: the first test to fail after an upgrade."""
    overrides = {name for name in vars(BoundedHttp) if hasattr(HttpToolsProtocol, name) and not name.startswith("__")}
    assert overrides == {
        "_start_asgi_task",
        "_unset_keepalive_if_required",
        "connection_lost",
        "connection_made",
        "data_received",
        "handle_websocket_upgrade",
        "on_body",
        "on_headers_complete",
        "on_message_begin",
        "on_message_complete",
        "on_response_complete",
        "pause_writing",
        "resume_writing",
        "send_400_response",
        "shutdown",
    }
    read = {"app_state", "cycle", "flow", "loop", "pipeline", "server_state", "timeout_keep_alive", "transport"}
    read |= {"connections", "headers", "tasks", "ws_protocol_class"}
    assert read - set(HttpToolsProtocol.__init__.__code__.co_names) == set()
    cycle = {"body", "disconnected", "keep_alive", "message_event", "more_body", "on_response", "response_complete"}
    cycle |= {"response_started", "scope", "waiting_for_100_continue"}
    assert cycle - set(RequestResponseCycle.__init__.__code__.co_names) == set()
