"""The load: it keeps connections busy, counts what it should, and stops at the first wrong answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from benchmarks.client import Clients, Load, WrongAnswer, get, once, repeated

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfo\r\n2;x=1\r\nur\r\n0\r\n\r\n"


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that gives these answers in turn, the last again and again; its port and what it was asked."""
    asked: list[bytes] = []
    loop = asyncio.get_running_loop()

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast(asyncio.Transport, transport)

        def data_received(self, data: bytes) -> None:
            asked.append(data)
            answer = answers[min(len(asked), len(answers)) - 1]
            self.transport.write(answer[:20])  # in pieces, as networks give it
            loop.call_later(0.002, self.transport.write, answer[20:-3])
            loop.call_later(0.004, self.transport.write, answer[-3:])

    server = await loop.create_server(Server, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked
        server.close()


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED])
async def test_the_body_is_read_whatever_its_coding(answer: bytes) -> None:
    """Some peers send a length, some send chunks; both are compared as bodies."""
    async with answering(answer) as (port, _):
        assert await once(port, get("/")) == b"four"


async def test_every_connection_sends_again_until_the_deadline() -> None:
    """All connections are busy all the time, and each answer has a latency."""
    async with answering(PLAIN) as (port, asked), Clients(port, lambda n: repeated(get(f"/{n}")), 3) as clients:
        load = await clients.run(0.2, b"four")
    assert len(load.latencies) == len(asked) > 6
    assert {head.split(b" ")[1] for head in asked} == {b"/0", b"/1", b"/2"}
    assert load.rate > 0


async def test_another_answer_ends_the_measurement() -> None:
    """A server that is fast because it answers wrongly must not be listed."""
    other = PLAIN.replace(b"four", b"fore")
    async with answering(PLAIN, other) as (port, _), Clients(port, lambda _: repeated(get("/")), 1) as clients:
        with pytest.raises(WrongAnswer, match="fore"):
            await clients.run(1.0, b"four")


def test_percentiles_are_of_the_answers() -> None:
    """p99 is near the slowest, p50 in the middle, in milliseconds."""
    load = Load(None, 0.0, latencies=[n / 1000 for n in range(1, 101)])
    assert (load.percentile(0.5), load.percentile(0.99)) == (51.0, 100.0)
