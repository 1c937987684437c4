"""Pings that are messages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from connectors.errors import UpstreamDisconnected
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import QUESTION, QUICK, SUB_A, answered, stop, tick, viewing, watch
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS, until


@pytest.mark.parametrize(
    ("message", "answer", "said"), [({"op": "ping"}, {"op": "pong"}, {"op": "pong"}), ('"ping"', "pong", "pong")]
)
async def test_pings_are_sent_and_their_answers_are_no_events(
    upstream: Upstream, connected: Connect, message: Any, answer: Any, said: Any
) -> None:
    """As JSON or as a text; the connection stays."""
    upstream.answer = lambda asked: said if asked in ({"op": "ping"}, "ping") else None
    connector = connected(ping={"message": message, "answer": answer, "interval": "500ms", "timeout": "500ms"})
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    await until(lambda: len(upstream.heard) >= 3)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    assert upstream.heard[0] == SUB_A
    assert (len(upstream.handshakes), connector.counts.unrouted, connector.counts.undecodable) == (1, 0, 0)
    await stop([viewer])


async def test_an_upstream_that_is_silent_is_left(upstream: Upstream, connected: Connect) -> None:
    """With 1001 and a reason; calls fail with the reason of ours, subscribers are back with the next connection."""
    ends: list[tuple[int | None, str | None]] = []

    async def listen(client: ServerConnection) -> None:
        async for _ in client:
            pass
        ends.append((client.close_code, client.close_reason))

    upstream.speak = listen  # type: ignore[method-assign]
    connector: WebsocketConnector = connected(
        ping={"message": "ping", "interval": "100ms", "timeout": "60ms"}, reconnect=QUICK
    )
    viewer = asyncio.create_task(viewing(watch(connector, "A"), []))
    with pytest.raises(UpstreamDisconnected, match=r"no message came within 0\.06 s of a ping"):
        await connector.send(in_time(QUESTION, GENEROUS))
    await until(lambda: len(upstream.handshakes) >= 2)
    assert ends[0] == (1001, "no answer to a ping")
    await stop([viewer])


async def test_pings_of_the_protocol_that_stay_unanswered(upstream: Upstream, connected: Connect) -> None:
    """The library would say 1011, an internal error of ours."""
    codes: list[int | None] = []

    async def stay_silent(client: ServerConnection) -> None:
        client.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.4)
        client.transport.resume_reading()  # type: ignore[attr-defined]
        await client.wait_closed()
        codes.append(client.close_code)

    upstream.speak = stay_silent  # type: ignore[method-assign]
    connector = connected(ping_interval="100ms", reconnect=QUICK)
    viewer = asyncio.create_task(viewing(watch(connector, "A"), []))
    await until(lambda: bool(codes))
    assert codes[0] == 1001
    await stop([viewer])
