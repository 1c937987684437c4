"""Servers below gRPC, for answers that no gRPC library would give: raw TCP, a relay, HTTP/2 frames written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

DATA, HEADERS, RST, SETTINGS = 0, 1, 3, 4
END_STREAM, END_HEADERS, ACK = 1, 4, 1
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@asynccontextmanager
async def tcp_server(handle: Handler) -> AsyncIterator[tuple[int, Callable[[], None]]]:
    """The port of a TCP server, and a function that cuts its connections and takes no more."""
    open_now: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_now[task] = writer
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await handle(reader, writer)
        finally:
            await _abort(writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)

    def cut() -> None:
        server.close()
        for writer in open_now.values():
            writer.transport.abort()

    try:
        yield server.sockets[0].getsockname()[1], cut
    finally:
        await asyncio.sleep(0.05)  # asyncio leaks a connection that is accepted, but not made, when the server closes
        cut()
        await asyncio.gather(*open_now)


@asynccontextmanager
async def relay(port: int) -> AsyncIterator[tuple[int, Callable[[], None]]]:
    """As `tcp_server`, passing everything on to another port."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        await _abort(writer)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async with tcp_server(handle) as served:
        yield served


async def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """The port of a server that accepts connections and never says a word."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with tcp_server(handle) as (port, _):
        yield port


@asynccontextmanager
async def http2_server(answer: bytes) -> AsyncIterator[int]:
    """The port of an HTTP/2 server that answers every request with these bytes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(_PREFACE))
        writer.write(frame(SETTINGS, 0, 0))
        while True:
            head = await reader.readexactly(9)
            await reader.readexactly(int.from_bytes(head[:3], "big"))
            if head[3] == SETTINGS and not head[4] & ACK:
                writer.write(frame(SETTINGS, ACK, 0))
            if head[3] == DATA and head[4] & END_STREAM:
                writer.write(answer)

    async with tcp_server(handle) as (port, _):
        yield port


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame (RFC 9113 section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def headers(flags: int, **fields: str) -> bytes:
    """A HEADERS frame of stream 1, its fields as literals that are not indexed (RFC 7541 section 6.2.2)."""
    block = b""
    for name, value in fields.items():
        wire_name = b":status" if name == "status" else name.replace("_", "-").encode()
        block += b"\0" + bytes([len(wire_name)]) + wire_name + bytes([len(value)]) + value.encode()
    return frame(HEADERS, END_HEADERS | flags, 1, block)
