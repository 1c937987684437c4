"""Tiny websocket frames of a hostile upstream. A quarter of a megabyte of pings kept the loop for 0.3 s."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
from connectors.transport.resolve import DnsOptions, Resolver
from connectors.transport.websocket import open_websocket
from tests.connectors.watch import BOUND, outcome_of
from tests.waiting import GENEROUS

WATCH = Operation(upstream="ticker", name="socket")
READ = 262_144
"""Bytes that asyncio reads at once."""
MANY = 4 * READ // 2


def frame(head: int, content: bytes) -> bytes:
    """One frame of a server."""
    if len(content) < 126:
        return bytes([head, len(content)]) + content
    return bytes([head, 127]) + len(content).to_bytes(8) + content


@asynccontextmanager
async def sending(content: bytes, extensions: str = "") -> AsyncIterator[str]:
    """An upstream that sends these bytes after the handshake, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        lines = [b"HTTP/1.1 101 Yes", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: " + accept]
        lines += [b"Sec-WebSocket-Extensions: " + extensions.encode()] if extensions else []
        writer.write(b"\r\n".join([*lines, b"", b""]) + content)
        try:
            await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def read_all(address: str, count: int, **options: Any) -> list[Any]:
    """So many messages, or what ends them."""
    connection = await open_websocket(
        WATCH,
        address,
        headers={},
        subprotocol=None,
        tls=None,
        timeout=GENEROUS,
        max_size=8_000_000,
        resolver=Resolver(DnsOptions()),
        **options,
    )
    messages: list[Any] = []
    try:
        while len(messages) < count:
            messages.append(await connection.recv())
    except ConnectionClosed as closed:
        messages.append(closed)
    finally:
        await connection.close()
    return messages


FRAMES = {
    "pings": frame(0x89, b"") * MANY + frame(0x81, b"last"),
    "pongs": frame(0x8A, b"") * MANY + frame(0x81, b"last"),
}


@pytest.mark.parametrize("kind", FRAMES)
async def test_tiny_control_frames_do_not_keep_the_loop(kind: str) -> None:
    """The message after them arrives."""
    async with sending(FRAMES[kind]) as address:
        outcome, longest = await outcome_of(lambda: read_all(address, 1))
    print(f"{kind}: {longest * 1000:.0f} ms")
    assert outcome == ["last"]
    assert longest < BOUND


async def test_empty_messages_do_not_keep_the_loop_and_all_arrive() -> None:
    """In their order, however many come in one read."""
    count = READ // 4
    async with sending(b"".join(frame(0x81, str(number % 10).encode()) for number in range(count))) as address:
        outcome, longest = await outcome_of(lambda: read_all(address, count))
    assert outcome == [str(number % 10) for number in range(count)]
    assert longest < BOUND


async def test_endless_empty_fragments_close_the_connection() -> None:
    """A message has no more than 4,096, which the library sees to."""
    async with sending(frame(0x01, b"") + frame(0x00, b"") * MANY) as address:
        outcome, longest = await outcome_of(lambda: read_all(address, 1))
    assert isinstance(outcome[0] if isinstance(outcome, list) else outcome, Exception)
    assert longest < BOUND


async def test_what_came_before_the_end_is_read() -> None:
    """Messages and the close frame in one read."""
    async with sending(frame(0x81, b"x" * 100) * 1000 + frame(0x88, (1000).to_bytes(2))) as address:
        outcome = await read_all(address, 1001)
    assert outcome[:-1] == ["x" * 100] * 1000
    assert outcome[-1].rcvd.code == 1000
