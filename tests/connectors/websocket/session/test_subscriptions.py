"""Streams over one socket: who gets which message, what is subscribed, and what a slow viewer costs."""

from __future__ import annotations

import asyncio

from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually
from tests.connectors.websocket.subscribers import (
    SUB_A,
    SUB_B,
    UNSUB_A,
    answered,
    latest,
    stop,
    tick,
    ticker,
    ticks,
    viewing,
    watch,
)
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import settle


async def test_closing_a_stream_unsubscribes(upstream: Upstream, connector: WebsocketConnector) -> None:
    """aclose() reaches the upstream; the socket stays for the next viewer."""
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    viewer.cancel()
    assert await upstream.hears(SUB_A, UNSUB_A)
    assert await upstream.has(clients=1)


async def test_two_viewers_of_a_topic_share_one_subscription(upstream: Upstream, connector: WebsocketConnector) -> None:
    """One subscribe message, one socket, both see everything; only the last to leave unsubscribes."""
    seen: list[list[int]] = [[], []]
    viewers = [asyncio.create_task(viewing(watch(connector, "A"), into)) for into in seen]
    assert await upstream.hears(SUB_A)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [[1], [1]]))
    viewers[0].cancel()
    await settle()
    await upstream.say(tick("A", 2))
    assert await eventually(lambda: answered(seen == [[1], [1, 2]]))
    assert upstream.heard == [SUB_A]
    viewers[1].cancel()
    assert await upstream.hears(SUB_A, UNSUB_A)
    assert len(upstream.handshakes) == 1


async def test_viewers_of_two_endpoints_share_a_subscription_by_its_message(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """Two frontends that write the same message down are one viewer to the upstream."""
    seen: list[list[int]] = [[], []]
    viewers = [
        asyncio.create_task(viewing(watch(connector, "A", endpoint), into))
        for endpoint, into in zip((ticks, latest), seen, strict=True)
    ]
    assert await upstream.hears(SUB_A)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [[1], [1]]))
    await stop(viewers)


async def test_a_thousand_viewers_are_one_subscription(upstream: Upstream, connector: WebsocketConnector) -> None:
    """One socket, one subscribe message per topic, everyone gets everything, nothing is left when they go."""
    seen: list[list[int]] = [[] for _ in range(1000)]
    viewers = [
        asyncio.create_task(viewing(watch(connector, "A" if index % 2 else "B"), into))
        for index, into in enumerate(seen)
    ]
    assert await upstream.hears(SUB_B, SUB_A)
    for number in range(20):
        await upstream.say(tick("A", number), tick("B", number))
    assert await eventually(lambda: answered(all(len(into) == 20 for into in seen)))
    assert all(into == list(range(20)) for into in seen)
    await stop(viewers)
    assert await eventually(lambda: answered(len(upstream.heard) == 4))
    assert sorted(each["sym"] for each in upstream.heard[2:] if each["op"] == "unsub") == ["A", "B"]
    assert len(upstream.handshakes) == 1
    assert not connector._subscribers
    assert connector._audiences.is_empty


async def test_a_viewer_who_comes_while_the_last_one_leaves_costs_no_new_subscription(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """Switching screens is no flicker upstream."""
    seen: list[int] = []
    leaving = asyncio.create_task(viewing(watch(connector, "A"), []))
    assert await upstream.hears(SUB_A)
    leaving.cancel()
    staying = asyncio.create_task(viewing(watch(connector, "A"), seen))
    await settle()
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    assert upstream.heard == [SUB_A]
    await stop([staying])


async def test_an_unsubscribe_never_ends_another_subscription(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """Two endpoints end by the same message: it is sent when the last subscriber of both has left."""
    trades = ticker.subscribe(
        {"op": "sub", "type": "trade", "sym": "{sku}"}, unsubscribe={"op": "unsub", "sym": "{sku}"}, topic="sym"
    )
    sub_trades = {"op": "sub", "type": "trade", "sym": "A"}
    seen: list[list[int]] = [[], []]
    viewers = [
        asyncio.create_task(viewing(watch(connector, "A", endpoint), into))
        for endpoint, into in zip((ticks, trades), seen, strict=True)
    ]
    assert await upstream.hears(SUB_A, sub_trades)
    await stop(viewers[:1])
    assert await upstream.hears(SUB_A, sub_trades)
    await stop(viewers[1:])
    assert await upstream.hears(SUB_A, sub_trades, UNSUB_A)
