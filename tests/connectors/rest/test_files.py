"""Files on their way to a REST upstream: as the whole body, or as a part of multipart/form-data."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from email import message_from_bytes
from typing import Any

import pytest

from connectors.contract import Operation
from connectors.direct import Direct
from connectors.errors import DefinitionError, UpstreamDisconnected, UpstreamRejected
from connectors.files import PIECE, File
from connectors.rest.endpoints import rest
from connectors.transport import HttpOptions, Streamed, open_transport
from tests.connectors.http_world import HttpWorld, json_response, listening
from tests.waiting import GENEROUS, steady, until

catalog = rest("catalog")
WRITE = Operation(upstream="catalog", name="PUT /", is_safe=False, is_idempotent=False)


def file_of(content: bytes, name: str = "cat.png", content_type: str = "image/png") -> File:
    return File(io.BytesIO(content), name=name, content_type=content_type, size=len(content))


async def test_a_file_is_the_body(upstream: HttpWorld, direct: Direct) -> None:
    """Byte by byte, with its type and length; twice, if asked twice."""
    content = bytes(range(256)) * 3000
    photo = file_of(content)
    put = catalog.put("/photos/{id}", file="{photo}")
    async with direct:
        for _ in range(2):
            await put(id=1, photo=photo)
    for request in upstream.requests:
        assert request.body == content
        assert request.headers["content-type"] == "image/png"
        assert request.headers["content-length"] == str(len(content))
    assert await photo.read() == content
    assert upstream.connections == 1


def parts_of(request: Any) -> list[tuple[Any, Any, Any, bytes]]:
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + request.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get("content-type"),
            part.get_payload(decode=True),
        )
        for part in message.get_payload()
    ]


async def test_a_file_is_a_part(upstream: HttpWorld, direct: Direct) -> None:
    """Beside texts; lists repeat their field, null is left out, and no name leaves its place."""
    post = catalog.post("/photos", multipart={"title": "{title}", "all": "{photos}", "none": "{none}"})
    photos = [file_of(b"one\r\n--", 'a"b\r\nx: y.png'), file_of(b"two", "b.txt", "text/plain")]
    async with direct:
        await post(title="Ä cat", photos=photos, none=None)
    (request,) = upstream.requests
    assert parts_of(request) == [
        ("title", None, None, "Ä cat".encode()),
        ("all", "a%22b%0D%0Ax: y.png", "image/png", b"one\r\n--"),
        ("all", "b.txt", "text/plain", b"two"),
    ]


async def test_what_is_no_file_is_not_sent(upstream: HttpWorld, direct: Direct) -> None:
    """Nor what has no text."""
    async with direct:
        with pytest.raises(UpstreamRejected, match="must be a file"):
            await catalog.put("/photo", file="{photo}")(photo="text")
        with pytest.raises(UpstreamRejected, match="cannot be written"):
            await catalog.post("/photo", multipart={"a": "{a}"})(a={"b": 1})
    assert upstream.requests == []


def test_two_bodies_are_a_mistake() -> None:
    with pytest.raises(DefinitionError, match="file= and multipart="):
        catalog.post("/photos", file="{a}", multipart={"b": "{b}"})


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


async def test_a_broken_connection_ends_the_sending(upstream: HttpWorld) -> None:
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


async def test_json_is_what_it_was(upstream: HttpWorld, direct: Direct) -> None:
    upstream.answer = lambda _: json_response({"ok": True})
    async with direct:
        await catalog.post("/p", json={"a": "{a}"})(a=1)
    assert (upstream.requests[0].headers["content-type"], upstream.requests[0].json) == ("application/json", {"a": 1})
