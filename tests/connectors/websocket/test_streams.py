"""Streams over one socket: who gets which message, what is subscribed, and what a slow viewer costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from connectors.contract import Call, Event
from connectors.direct import Direct
from connectors.endpoint import StreamEndpoint
from connectors.errors import UpstreamFailed, UpstreamRejected, UpstreamTimeout, UpstreamUnavailable
from connectors.websocket.connector import WebsocketConnector
from connectors.websocket.endpoints import websocket
from tests.connectors.conformance import eventually, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS, idle, settle

ticker = websocket("ticker")
ticks = ticker.subscribe({"op": "sub", "sym": "{sku}"}, unsubscribe={"op": "unsub", "sym": "{sku}"}, topic="sym")
latest = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="sym", last=True)
SUB_A, UNSUB_A = {"op": "sub", "sym": "A"}, {"op": "unsub", "sym": "A"}
SUB_B = {"op": "sub", "sym": "B"}


def tick(sku: str, amount: int) -> dict[str, Any]:
    return {"sym": sku, "amount": amount}


def watch(connector: WebsocketConnector, sku: str, endpoint: StreamEndpoint = ticks) -> AsyncGenerator[Event, None]:
    return connector.stream(Call(operation=endpoint.operation, arguments={"sku": sku}))


async def viewing(stream: AsyncGenerator[Event, None], into: list[Any], pause: float = 0.0) -> None:
    """Read a stream until it ends."""
    async with aclosing(stream):
        async for event in stream:
            into.append(event.data["amount"])
            await asyncio.sleep(pause)


async def test_events_come_in_order_with_their_topic(upstream: Upstream, connector: WebsocketConnector) -> None:
    """What the upstream sends is what a viewer reads."""
    async with aclosing(watch(connector, "A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say(tick("A", 1), tick("A", 2), tick("A", 3))
        seen = [await first, await anext(events), await anext(events)]
    assert seen == [Event(data=tick("A", amount), topic="A") for amount in (1, 2, 3)]


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


async def test_messages_go_to_viewers_of_their_topic_only(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Demultiplexing by the value at `topic`, whatever its type; what nobody wants is counted."""
    seen: dict[str, list[int]] = {"A": [], "7": []}
    viewers = [asyncio.create_task(viewing(watch(connector, sku), into)) for sku, into in seen.items()]
    assert await upstream.hears(SUB_A, {"op": "sub", "sym": "7"})
    await upstream.say(tick("A", 1), {"sym": 7, "amount": 2}, tick("C", 3), {"no": "topic"}, tick("A", 4))
    assert await eventually(lambda: answered(seen == {"A": [1, 4], "7": [2]}))
    assert connector.counts.unrouted == 2
    await stop(viewers)


async def test_when_tells_messages_of_one_topic_apart(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Constant fields choose among what an upstream says about a topic."""
    only_trades = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="d.sym", when={"type": "trade"})
    async with aclosing(watch(connector, "A", only_trades)) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say({"type": "quote", "d": {"sym": "A"}}, {"type": "trade", "d": {"sym": "A"}})
        assert (await first).data["type"] == "trade"


async def test_matches_says_which_parameter_is_the_topic(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Other parameters only fill the message; at= points into each event."""
    detailed = ticker.subscribe(
        {"op": "sub", "sym": "{sku}", "depth": "{depth}"}, topic="sym", matches="sku", at="data.price"
    )
    async with Direct({"ticker": connector}), aclosing(detailed(sku="A", depth=5)) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears({"op": "sub", "sym": "A", "depth": 5})
        await upstream.say({"sym": 5, "data": {"price": 1}}, {"sym": "A", "data": {"price": 2}})
        assert (await first).data == 2


async def test_everything_can_be_watched_without_a_topic(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A message without parameters and without topic= means all that comes."""
    everything = ticker.subscribe({"op": "all"})
    async with aclosing(connector.stream(Call(operation=everything.operation))) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears({"op": "all"})
        await upstream.say([1, 2])
        assert (await first).data == [1, 2]


async def test_a_late_joiner_sees_the_last_value_by_choice(upstream: Upstream, connector: WebsocketConnector) -> None:
    """last=True shows the newest message at once; without it, a late viewer waits for the next."""
    early: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A", latest), early))
    assert await upstream.hears(SUB_A)
    await upstream.say(tick("A", 1), tick("A", 2))
    assert await eventually(lambda: answered(early == [1, 2]))
    async with aclosing(watch(connector, "A", latest)) as events:
        assert (await asyncio.wait_for(anext(events), GENEROUS)).data["amount"] == 2
    async with aclosing(watch(connector, "A")) as events:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 0.1)
    await stop([viewer])


async def test_an_error_message_ends_the_streams_of_its_topic(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """error= names the fields of messages that mean failure; other topics go on."""
    strict = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="sym", when={"t": "tick"}, error={"t": "error"})
    failing, fine = watch(connector, "A", strict), watch(connector, "B", strict)
    waiting = [asyncio.ensure_future(anext(stream)) for stream in (failing, fine)]
    assert await upstream.hears(SUB_A, SUB_B)
    await upstream.say({"t": "error", "sym": "A"}, {"t": "tick", "sym": "B", "amount": 1})
    with pytest.raises(UpstreamFailed):
        await waiting[0]
    assert (await waiting[1]).data["amount"] == 1
    await fine.aclose()


async def test_messages_that_cannot_be_read_are_passed_over(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Garbage is counted and the stream goes on; JSON in a binary frame is JSON."""
    async with aclosing(watch(connector, "A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say("{no json", b"\xff\xfe\x00", "[" * 5000, b'{"sym": "A", "amount": 1}')
        assert (await first).data["amount"] == 1
    assert connector.counts.undecodable == 3


async def test_a_burst_loses_nothing_for_viewers_who_keep_up(upstream: Upstream, connected: Connect) -> None:
    """Thousands of messages in one piece of network are more than a mailbox holds, and still arrive."""
    connector = connected(buffer=64, overflow="disconnect")
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    await upstream.say(*(tick("A", number) for number in range(5000)))
    assert await eventually(lambda: answered(len(seen) == 5000))
    assert seen == list(range(5000))
    await stop([viewer])


@pytest.mark.parametrize(
    ("overflow", "expected"), [("drop_oldest", [*range(16, 20)]), ("coalesce", [19])], ids=["drop_oldest", "coalesce"]
)
async def test_a_slow_viewer_loses_messages_and_delays_nobody(
    upstream: Upstream, connected: Connect, overflow: str, expected: list[int]
) -> None:
    """Its mailbox is bounded; others get everything."""
    connector = connected(buffer=4, overflow=overflow)
    slow = watch(connector, "A")
    beginning = asyncio.ensure_future(anext(slow))
    fast: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), fast))
    assert await upstream.hears(SUB_A)
    for number in range(-1, 20):
        await upstream.say(tick("A", number))
        assert await eventually(lambda number=number: answered(fast[-1:] == [number]))
    assert (await beginning).data["amount"] == -1
    assert fast == list(range(-1, 20))
    assert [(await anext(slow)).data["amount"] for _ in expected] == expected
    await slow.aclose()
    assert connector.counts.dropped == 20 - len(expected)
    await stop([viewer])


async def test_a_slow_viewer_is_sent_away_by_choice(upstream: Upstream, connected: Connect) -> None:
    """overflow: disconnect gives what was kept and then an error that says why."""
    connector = connected(buffer=2, overflow="disconnect")
    slow, seen = watch(connector, "A"), list[int]()
    beginning = asyncio.ensure_future(anext(slow))
    assert await upstream.hears(SUB_A)
    await upstream.say(tick("A", 0))
    await beginning
    await upstream.say(*(tick("A", number) for number in range(1, 9)))
    await idle()
    with pytest.raises(UpstreamUnavailable, match="slower than the stream"):
        await viewing(slow, seen)
    assert seen == [1, 2]


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
    assert not connector._audience._rows


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


async def test_the_deadline_of_a_call_ends_its_stream(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A stream with a deadline ends there with UpstreamTimeout, and is unsubscribed."""
    call = in_time(Call(operation=ticks.operation, arguments={"sku": "A"}), 0.2)
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await viewing(connector.stream(call), [])
    assert 0.15 < time.monotonic() - began < GENEROUS
    assert await upstream.hears(SUB_A, UNSUB_A)


async def test_a_topic_that_is_null_is_refused(connector: WebsocketConnector) -> None:
    """Null would match every message that names no topic."""
    with pytest.raises(UpstreamRejected):
        await viewing(connector.stream(Call(operation=ticks.operation, arguments={"sku": None})), [])


async def answered(is_so: bool) -> bool:
    """For `eventually`."""
    return is_so


async def stop(viewers: list[asyncio.Task[None]]) -> None:
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
