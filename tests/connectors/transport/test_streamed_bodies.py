"""Bodies that are read while they are sent: no faster than the upstream reads, and no longer than it listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from connectors.contract import Operation
from connectors.errors import (
    UpstreamDisconnected,
)
from connectors.files import PIECE
from connectors.transport import HttpOptions, Streamed, open_transport
from tests.connectors.http_world import listening
from tests.waiting import GENEROUS, steady, until

WRITE = Operation(upstream="catalog", name="PUT /", is_safe=False, is_idempotent=False)


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_a_body_is_read_no_faster_than_the_upstream_reads(engine: str) -> None:
    """So that memory holds pieces of a file, not the file."""
    made, may_read = 0, asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes, None]:
        nonlocal made
        for _ in range(800):
            made += 1
            yield b"x" * PIECE

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await may_read.wait()
        await reader.readexactly(800 * PIECE)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()

    async with listening(serve) as port:
        transport = open_transport(HttpOptions(address="http://unused", engine=engine))
        body = Streamed(800 * PIECE, chunks)
        asking = asyncio.ensure_future(
            transport.request(WRITE, "PUT", f"http://127.0.0.1:{port}/", headers={}, body=body, timeout=GENEROUS)
        )
        await until(lambda: made)
        await steady(lambda: made)  # the sockets are full
        assert made < 400
        may_read.set()
        assert (await asking).body == b"ok"
        await transport.close()


async def test_an_early_answer_ends_the_sending() -> None:
    """An upstream that refuses need not be sent the rest; its connection is not used again."""
    connections = 0

    async def chunks() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * PIECE

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()

    async with listening(serve) as port:
        url = f"http://127.0.0.1:{port}/"
        transport = open_transport(HttpOptions(address="http://unused"))
        for _ in range(2):
            body = Streamed(10**12, chunks)
            reply = await transport.request(WRITE, "PUT", url, headers={}, body=body, timeout=GENEROUS)
            assert (reply.status, reply.body) == (413, b"no")
        assert connections == 2
        await transport.close()


async def test_a_broken_connection_ends_the_sending() -> None:
    """And is told as one."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        while True:
            yield b"x" * PIECE

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with listening(serve) as port:
        url = f"http://127.0.0.1:{port}/"
        transport = open_transport(HttpOptions(address="http://unused"))
        with pytest.raises(UpstreamDisconnected):
            await transport.request(WRITE, "PUT", url, headers={}, body=Streamed(10**12, chunks), timeout=GENEROUS)
        await transport.close()
