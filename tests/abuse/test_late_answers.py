"""Upstreams that send what was not requested on connections that are kept, over real sockets.

Each request has a number, and each answer the number of its request: an answer with another number is another caller's.
Before, one surplus answer shifted all that followed on its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamError
from connectors.transport import HttpOptions, HttpReply, Transport, open_transport
from tests.connectors.http_world import HttpWorld, Received, Say, listening, response
from tests.waiting import GENEROUS, time_limit

READ = Operation(upstream="shop", name="GET /")
REQUESTS = 60


def answer(received: Received) -> bytes:
    return response(received.target.encode()).data


def bodiless(status: int, **headers: str) -> Callable[[Received], bytes]:
    """A body where none may be: `304`, `204`, or the answer to HEAD."""
    return lambda received: response(received.target.encode(), status, **headers).data


SURPLUS: dict[str, Callable[[Received], bytes]] = {
    "a doubled answer": lambda received: answer(received) * 2,
    "a body after 204": bodiless(204),
    "a body after 304": bodiless(304),
    "chunks after 204": lambda _: b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    "a body after 204 that was not announced": lambda _: b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n",
    "a length that is too short": lambda received: answer(received) + b"and more",
    "an interim answer after the final one": lambda received: answer(received) + b"HTTP/1.1 103 Hints\r\n\r\n",
    "half an answer after the whole": lambda received: answer(received) + b"HTTP/1.1 200 OK\r\nContent-Le",
    "an upgrade after the answer": lambda received: answer(received) + b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n",
    "garbage": lambda received: answer(received) + b"\x00" * 50,
}


def opened(engine: str) -> Transport:
    return open_transport(HttpOptions(address="http://unused", engine=engine, max_connections=3))  # type: ignore[arg-type]


async def _ask(transport: Transport, port: int, number: int, method: str = "GET") -> HttpReply | UpstreamError:
    try:
        url = f"http://127.0.0.1:{port}/{number}"
        return await transport.request(READ, method, url, headers={}, timeout=GENEROUS)
    except UpstreamError as error:
        return error


async def _count_foreign(transport: Transport, port: int, method: str = "GET") -> int:
    """How many requests got the answer of another one. Two callers request at a time, so connections are reused."""

    async def caller(first: int) -> int:
        foreign = 0
        for number in range(first, first + REQUESTS):
            reply = await _ask(transport, port, number, "GET" if number % 2 else method)
            foreign += isinstance(reply, HttpReply) and reply.body not in (b"", f"/{number}".encode())
        return foreign

    return sum(await asyncio.gather(caller(0), caller(1000)))


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
@pytest.mark.parametrize("surplus", [*SURPLUS, "a body after HEAD"])
async def test_no_answer_reaches_another_request(engine: str, surplus: str) -> None:
    """The connection is never used again."""
    method = "HEAD" if surplus == "a body after HEAD" else "GET"
    is_bad: Callable[[Received], bool] = lambda received: int(received.target[1:]) % 2 == 0  # noqa: E731
    said = SURPLUS.get(surplus, answer)
    async with HttpWorld(lambda received: Say((said if is_bad(received) else answer)(received))) as world:
        transport = opened(engine)
        foreign = await _count_foreign(transport, world.port, method)
        await transport.close()
    print(f"{engine}: {surplus}: {foreign} of {2 * REQUESTS} answers were another request's")
    assert foreign == 0


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
@pytest.mark.parametrize("surplus", ["a doubled answer", "a body after 204", "a body after HEAD"])
async def test_what_comes_a_moment_later_reaches_no_other_request(engine: str, surplus: str) -> None:
    """In a packet of its own, while the connection is idle."""
    method = "HEAD" if surplus == "a body after HEAD" else "GET"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readuntil(b"\r\n\r\n")).decode():
            received = Received(*line.split(" ")[:2], {}, b"")
            said = SURPLUS.get(surplus, answer)(received)
            cut = len(said) // 2 if surplus == "a doubled answer" else said.index(b"\r\n\r\n") + 4
            writer.write(said[:cut])
            await asyncio.sleep(0.002)
            writer.write(said[cut:])

    async with listening(serve) as port, time_limit():
        transport = opened(engine)
        for number in range(0, 20, 2):
            await _ask(transport, port, number, method)
            await asyncio.sleep(0.01)
            reply = await _ask(transport, port, number + 1)
            if surplus == "a doubled answer":
                assert isinstance(reply, HttpReply)
                assert reply.body == f"/{number + 1}".encode()
            else:
                assert isinstance(reply, UpstreamError) or reply.body in (b"", f"/{number + 1}".encode())
        await transport.close()


async def test_an_upstream_that_answered_twice_shifts_at_most_one_answer() -> None:
    """HTTP/1.1 has no numbers of requests: a second answer that comes after the next request was sent is taken for its
    answer. The surplus that follows is seen, and each connection is then used once. The asyncio engine only."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last = b""
        while line := (await reader.readuntil(b"\r\n\r\n")).decode():
            writer.write(last)  # the second answer to the request before, when it is too late
            last = response(line.split(" ")[1].encode()).data
            writer.write(last)

    async with listening(serve) as port, time_limit():
        transport = opened("asyncio")
        foreign = await _count_foreign(transport, port)
        await transport.close()
    print(f"late second answers: {foreign} of {2 * REQUESTS} answers were another request's")
    assert foreign <= 3  # one on each connection that was open at that moment
