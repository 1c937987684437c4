"""One HTTP/1.1 connection, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected
from connectors.transport import Streamed
from connectors.transport.connection import Connection

READ = Operation(upstream="shop", name="GET /")
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Wire(asyncio.Transport):
    """Notes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_gone = False

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.is_gone

    def abort(self) -> None:
        self.is_gone = True


def connected() -> tuple[Connection, Wire, list[Connection]]:
    lost: list[Connection] = []
    connection, wire = Connection((False, "shop", 80), 1_000, lost.append, lambda _: None), Wire()
    connection.connection_made(wire)
    return connection, wire, lost


async def test_an_exchange_can_follow_another() -> None:
    """On the same connection, in order."""
    connection, wire, _ = connected()
    for number in range(2):
        reply = connection.begin(READ, b"request %d" % number)
        connection.data_received(OK)
        assert (await reply).body == b"ok"
        assert connection.finish()
    assert wire.written == [b"request 0", b"request 1"]


async def test_a_reply_that_was_not_awaited_closes_the_connection() -> None:
    """Its rest would answer the next request."""
    connection, wire, _ = connected()
    connection.begin(READ, b"request").cancel()
    connection.data_received(OK[:20])
    assert not connection.finish()
    assert wire.is_gone


async def test_bytes_that_were_not_requested_are_reported() -> None:
    """After a response and on an idle connection, unless a server says that the connection idled too long."""
    ends = {OK + OK: [True], b"HTTP/1.1 408 Request Timeout\r\n\r\n": [], b"?": [True]}
    for data, reports in ends.items():
        noted: list[bool] = []
        connection = Connection(
            (False, "shop", 80),
            1_000,
            lambda _: None,
            lambda _, noted=noted: noted.append(True),  # type: ignore[misc]
        )
        connection.connection_made(Wire())
        if data.startswith(OK):
            reply = connection.begin(READ, b"request")
            connection.data_received(data)
            assert (await reply).body == b"ok"
            assert not connection.finish()
        else:
            connection.data_received(data)
        assert noted == reports


async def test_a_body_after_head_is_not_reported() -> None:
    """Many upstreams send it, and the connection is closed in any case."""
    noted: list[Connection] = []
    connection = Connection((False, "shop", 80), 1_000, lambda _: None, noted.append)
    connection.connection_made(Wire())
    reply = connection.begin(READ, b"request", is_head=True)
    connection.data_received(OK)
    assert (await reply).body == b""
    assert not connection.finish()
    assert noted == []


async def test_bytes_without_a_request_close_the_connection() -> None:
    """They could answer the next one."""
    connection, wire, _ = connected()
    connection.data_received(OK)
    assert wire.is_gone
    with pytest.raises(UpstreamDisconnected, match="was closed"):
        await connection.begin(READ, b"request")


async def test_a_lost_connection_is_told_to_the_exchange_and_to_the_pool() -> None:
    """With the reason of the socket as its cause."""
    connection, _, lost = connected()
    reply = connection.begin(READ, b"request")
    reason = ConnectionResetError()
    connection.connection_lost(reason)
    with pytest.raises(UpstreamDisconnected) as caught:
        await reply
    assert caught.value.__cause__ is reason
    assert lost == [connection]


async def test_a_body_waits_for_a_peer_that_does_not_read() -> None:
    """And goes on when it does."""
    connection, wire, _ = connected()

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield b"one"
        yield b"two"

    reply = connection.begin(READ, b"head")
    connection.pause_writing()
    sending = asyncio.create_task(connection.stream(Streamed(6, chunks)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert wire.written == [b"head"]
    connection.resume_writing()
    await sending
    assert wire.written == [b"head", b"one", b"two"]
    connection.data_received(OK)
    await reply
    assert connection.finish()
