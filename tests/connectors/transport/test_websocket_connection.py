"""A hostile websocket upstream: what it sends is unpacked as it is read, and no faster."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.messages import Assembler
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from connectors.contract import Operation
from connectors.transport.resolve import DnsOptions, Resolver
from connectors.transport.websocket import open_websocket
from connectors.transport.websocket_connection import MAX_QUEUED, BoundedAssembler, BoundedConnection
from tests.waiting import GENEROUS, steady, time_limit, until

LARGE = 1_000_000
OPERATION = Operation(upstream="ticker", name="socket")


def noise(size: int) -> bytes:
    """Deflates to a fiftieth, as JSON of similar objects may."""
    return b"".join(random.randbytes(3).hex().encode() + b" " * 600 for _ in range(size // 606))


def deflated(payload: bytes) -> bytes:
    """One frame of a server (RFC 7692, section 7.2.1)."""
    deflate = PerMessageDeflate(False, True, 12, 12)
    return Frame(Opcode.TEXT, payload).serialize(mask=False, extensions=[deflate])


@asynccontextmanager
async def flooded(data: bytes, *, compression: bool, max_size: int = 2 * LARGE) -> AsyncIterator[BoundedConnection]:
    """A connection to an upstream that sends these bytes at once."""
    done = asyncio.Event()

    async def flood(client: ServerConnection) -> None:
        client.transport.write(data)
        await done.wait()

    async with serve(flood, "127.0.0.1", 0, compression="deflate", close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        connection = await open_websocket(
            OPERATION,
            f"ws://127.0.0.1:{port}",
            headers={},
            subprotocol=None,
            tls=None,
            timeout=GENEROUS,
            max_size=max_size,
            compression=compression,
            resolver=Resolver(DnsOptions()),
        )
        assert isinstance(connection, BoundedConnection)
        try:
            yield connection
        finally:
            done.set()
            connection.transport.abort()


def count_held(connection: ClientConnection) -> int:
    """Bytes of messages that wait for the reader."""
    return sum(len(frame.data) for frame in connection.recv_messages.frames.queue)


@pytest.mark.parametrize(
    ("name", "compression", "count"),
    [("deflated", True, 200), ("plain", False, 30)],
)
async def test_messages_that_nobody_reads(name: str, compression: bool, count: int) -> None:
    """200 MB of deflated messages are 2 MB on the wire: the library alone held 33 MB of them, and 17 MB of plain ones."""
    text = noise(LARGE)
    one = deflated(text) if compression else Frame(Opcode.TEXT, text).serialize(mask=False)
    async with flooded(one * count, compression=compression) as connection:
        await until(lambda: count_held(connection) > MAX_QUEUED)
        await steady(lambda: count_held(connection))
        assert count_held(connection) <= MAX_QUEUED + LARGE, name
        async with time_limit():
            for _ in range(count):  # none is lost, and each makes room for the next
                assert len(await connection.recv()) == len(text)
                assert count_held(connection) <= MAX_QUEUED + LARGE


async def test_a_message_larger_than_the_queue() -> None:
    """It arrives whole."""
    text = noise(3 * LARGE)
    data = Frame(Opcode.TEXT, text).serialize(mask=False)
    async with flooded(data, compression=False, max_size=4 * LARGE) as connection, time_limit():
        assert await connection.recv(decode=False) == text


async def test_a_message_that_grows_too_much() -> None:
    """1009, and nothing of it is unpacked: the library alone held 129 MB of 200 kB."""
    async with flooded(deflated(b" " * LARGE), compression=True) as connection:
        with pytest.raises(ConnectionClosed) as closed:
            async with time_limit():
                await connection.recv()
        assert closed.value.sent is not None
        assert closed.value.sent.code == 1009


def test_the_insides_of_websockets() -> None:
    """What `websocket_connection` overrides or reads is still there: the first test to fail after an upgrade."""
    assert all(hasattr(Assembler, name) for name in ("put", "maybe_pause", "maybe_resume"))
    assert {name for name in vars(BoundedAssembler) if not name.startswith("_")} == {
        "put",
        "maybe_pause",
        "maybe_resume",
    }
    names = set(Assembler.__init__.__code__.co_names) | set(ClientConnection.__init__.__code__.co_names)
    assert {"frames", "paused", "pause"} <= names
