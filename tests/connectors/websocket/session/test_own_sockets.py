"""Subscriptions whose messages hold a subscriber's token: each gets its own messages, and ends its own only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from connectors.contract import Call, Event
from connectors.errors import UpstreamUnavailable
from connectors.websocket.connector import WebsocketConnector
from connectors.websocket.endpoints import websocket
from tests.connectors.conformance import eventually
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import answered, stop
from tests.connectors.websocket.upstream import Upstream

ticker = websocket("ticker")
portfolio = ticker.subscribe(
    {"op": "sub", "sym": "{sku}", "token": "{token}"},
    unsubscribe={"op": "unsub", "sym": "{sku}"},
    topic="sym",
    matches="sku",
    socket="own",
)
mine = ticker.subscribe({"op": "sub", "token": "{token}"}, socket="own")


def answer_owner(message: Any) -> Any:
    """What a subscribe is answered with: something that is for this token alone."""
    return {"sym": message.get("sym"), "of": message["token"]} if message["op"] == "sub" else None


def watch(connector: WebsocketConnector, token: str) -> AsyncGenerator[Event, None]:
    return connector.stream(Call(operation=portfolio.operation, arguments={"sku": "A", "token": token}))


async def read(stream: AsyncGenerator[Event, None], into: list[str]) -> None:
    async with aclosing(stream):
        async for event in stream:
            into.append(event.data["of"])


async def test_nobody_receives_what_is_for_another_token(upstream: Upstream, connector: WebsocketConnector) -> None:
    """One topic, twenty subscribers: with one socket for all, each received twenty messages instead of one."""
    upstream.answer = answer_owner
    seen: dict[str, list[str]] = {f"token {number}": [] for number in range(20)}
    viewers = [asyncio.create_task(read(watch(connector, token), into)) for token, into in seen.items()]
    assert await eventually(lambda: answered(all(seen.values())))
    assert seen == {token: [token] for token in seen}
    await stop(viewers)


async def test_nobody_ends_the_stream_of_another_token(upstream: Upstream, connector: WebsocketConnector) -> None:
    """The unsubscribe of one goes over its own socket, which closes; the other's stays."""
    upstream.answer = answer_owner
    seen: list[list[str]] = [[], []]
    viewers = [asyncio.create_task(read(watch(connector, f"token {n}"), into)) for n, into in enumerate(seen)]
    assert await upstream.has(clients=2)
    assert await eventually(lambda: answered(all(seen)))
    viewers[0].cancel()
    assert await upstream.has(clients=1)
    await upstream.say({"sym": "A", "of": "later"})
    assert await eventually(lambda: answered(seen == [["token 0"], ["token 1", "later"]]))
    await stop(viewers)
    assert await upstream.has(clients=0)


async def test_equal_messages_share_a_socket(upstream: Upstream, connector: WebsocketConnector) -> None:
    """The whole filled message is equal, so it is the same stream for the upstream."""
    seen: list[list[str]] = [[], []]
    viewers = [asyncio.create_task(read(watch(connector, "token"), into)) for into in seen]
    assert await upstream.hears({"op": "sub", "sym": "A", "token": "token"})
    await upstream.say({"sym": "A", "of": "both"})
    assert await eventually(lambda: answered(seen == [["both"], ["both"]]))
    await stop(viewers)


async def test_an_own_socket_needs_no_topic(upstream: Upstream, connector: WebsocketConnector) -> None:
    """All that comes over it is for the one message."""
    upstream.answer = answer_owner
    seen: list[str] = []
    call = Call(operation=mine.operation, arguments={"token": "mine"})
    viewer = asyncio.create_task(read(connector.stream(call), seen))
    assert await eventually(lambda: answered(seen == ["mine"]))
    await stop([viewer])


async def test_own_sockets_are_bounded(upstream: Upstream, connected: Connect) -> None:
    """One that leaves makes room."""
    connector = connected(max_own_sockets=2)
    upstream.answer = answer_owner
    seen: list[list[str]] = [[], []]
    viewers = [asyncio.create_task(read(watch(connector, f"token {n}"), into)) for n, into in enumerate(seen)]
    assert await eventually(lambda: answered(all(seen)))
    with pytest.raises(UpstreamUnavailable, match="all 2 sockets"):
        await anext(watch(connector, "token 3"))
    await stop(viewers[:1])
    assert await upstream.has(clients=1)
    async with aclosing(watch(connector, "token 3")) as events:
        assert (await anext(events)).data["of"] == "token 3"
    await stop(viewers)


async def test_closing_the_connector_ends_them(upstream: Upstream, connector: WebsocketConnector) -> None:
    """With an error, as on the shared socket."""
    upstream.answer = answer_owner
    seen: list[str] = []
    viewer = asyncio.create_task(read(watch(connector, "token"), seen))
    assert await eventually(lambda: answered(bool(seen)))
    await connector.close()
    assert await upstream.has(clients=0)
    await asyncio.wait({viewer})
    assert getattr(viewer.exception(), "code", "") == "UPSTREAM_DISCONNECTED"
