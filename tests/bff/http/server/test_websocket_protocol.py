"""Uvicorn's websocket protocol with limits: fragments, floods of pings, clients that do not read, the stop."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bff.http.asgi import Receive, Scope, Send
from bff.http.options import Timeouts
from bff.http.server.websocket_protocol import MAX_FRAGMENTS, BoundedWebsocket
from tests.bff.http.world import World, connected
from tests.serving import serving
from tests.waiting import time_limit

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def frame(opcode: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    """A frame of a client (RFC 6455, section 5.2), masked with zeros."""
    assert len(payload) < 126
    return struct.pack("!BB", (0x80 if is_last else 0) | opcode, 0x80 | len(payload)) + bytes(4) + payload


async def shake_hands(client: socket.socket) -> None:
    """Open the websocket of a bare connection."""
    client.sendall(HANDSHAKE)
    got = b""
    async with time_limit():
        while not got.endswith(b"\r\n\r\n"):
            got += await asyncio.to_thread(client.recv, 1)
    assert got.startswith(b"HTTP/1.1 101")


def test_the_insides_of_uvicorn() -> None:
    """What `websocket_protocol` overrides or reads is still there: the first test to fail after an upgrade."""
    inherited = {"data_received", "connection_lost"}  # of asyncio.Protocol
    overridden = (
        {name for name in vars(BoundedWebsocket) if not name.startswith("_")} - inherited - {"open"}
    )  # which is its own
    assert overridden == {
        *("handle_connect", "handle_ping", "handle_cont", "keepalive_timeout", "run_asgi", "shutdown"),
        *("pause_writing", "resume_writing", "receive", "send", "send_receive_event_to_app"),
    }
    assert all(hasattr(WebSocketsSansIOProtocol, name) for name in {*overridden, "handle_parser_exception"})
    source = WebSocketsSansIOProtocol.__init__.__code__.co_names
    read = {
        "app_state",
        "conn",
        "queue",
        "transport",
        "writable",
        "handshake_complete",
        "close_sent",
        "read_paused",
    } | {"frames"}
    assert read - set(source) == set()


async def test_a_message_in_too_many_frames(world: World) -> None:
    """1009; empty frames need memory too."""
    with connected(world) as client:
        await shake_hands(client)
        client.sendall(frame(1, is_last=False) + frame(0, is_last=False) * (MAX_FRAGMENTS + 1))
        got = b""
        async with time_limit():
            while struct.pack("!H", 1009) + b"too many fragments" not in got:
                part = await asyncio.to_thread(client.recv, 65536)
                assert part, got
                got += part


async def test_a_flood_of_pings_lets_others_run(world: World) -> None:
    """It is parsed in pieces; every ping that the client reads the answer of is answered."""
    count = 20_000
    with connected(world) as client:
        await shake_hands(client)
        sending = asyncio.ensure_future(asyncio.to_thread(client.sendall, frame(9) * count))
        async with time_limit():
            assert (await world.post("{ hello }")).json() == {"data": {"hello": "hello world"}}
            pongs = 0
            while pongs < 100:
                pongs += (await asyncio.to_thread(client.recv, 65536)).count(b"\x8a\x00")
        client.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            await sending


async def accepts(scope: Scope, receive: Receive, send: Send) -> bool:
    """Accept the websocket; False for the lifespan, which is over."""
    if scope["type"] == "lifespan":
        for done in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{done}.complete"})
        return False
    await receive()
    await send({"type": "websocket.accept"})
    return True


async def test_a_client_that_does_not_close_is_cut_off() -> None:
    """When the application has ended, it may take `Timeouts.close` to read and answer the close."""
    ended = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not await accepts(scope, receive, send):
            return
        await send({"type": "websocket.close", "code": 1000})
        ended.set()

    async with serving(app, timeouts=Timeouts(close=0.1)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(HANDSHAKE)
        async with time_limit():
            await ended.wait()
            assert b"\x88\x02\x03\xe8" in await reader.read()  # which ends, though this side sends no close
        writer.close()


async def test_the_stop_is_told() -> None:
    """1001, and the application sees a disconnect."""
    seen: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not await accepts(scope, receive, send):
            return
        seen.append((await receive()).get("code", 0))

    async with serving(app) as url:
        client = await connect(url.replace("http", "ws"), proxy=None)
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert seen == [1001]
