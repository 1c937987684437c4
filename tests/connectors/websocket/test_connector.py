"""Questions and messages over the socket: ids, failures, garbage, cancelling."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import aclosing

import pytest

from connectors import reports
from connectors.contract import Call, Event
from connectors.direct import Direct
from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import (
    SUB_A,
    UNSUB_A,
    answered,
    latest,
    price,
    stop,
    tick,
    ticker,
    ticks,
    viewing,
    watch,
)
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS, idle


async def test_an_answered_question_is_not_cancelled(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Only who leaves early says goodbye."""
    upstream.answer = lambda asked: {"id": asked["id"]}
    await connector.send(Call(operation=price.operation, arguments={"sku": "A"}))
    await asyncio.sleep(0.05)
    assert len(upstream.heard) == 1


async def test_a_message_that_cannot_be_sent_says_so(connected: Connect) -> None:
    """No socket: UpstreamUnreachable. Not JSON: the developer's mistake."""
    connector, shout = connected(address=f"ws://127.0.0.1:{free_port()}"), ticker.send()
    with pytest.raises(UpstreamUnreachable):
        await connector.publish(Call(operation=shout.operation, arguments={"message": {}}))
    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        await connector.publish(Call(operation=shout.operation, arguments={"message": object()}))


async def test_events_come_in_order_with_their_topic(upstream: Upstream, connector: WebsocketConnector) -> None:
    """What the upstream sends is what a viewer reads."""
    async with aclosing(watch(connector, "A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say(tick("A", 1), tick("A", 2), tick("A", 3))
        seen = [await first, await anext(events), await anext(events)]
    assert seen == [Event(data=tick("A", amount), topic="A") for amount in (1, 2, 3)]


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
        {"op": "sub", "sym": "{sku}", "depth": "{depth}"}, topic="sym", matches="sku", at="data.price", socket="own"
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


async def test_messages_that_cannot_be_read_are_passed_over(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Garbage is counted and the stream goes on; JSON in a binary frame is JSON."""
    async with aclosing(watch(connector, "A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say("{no json", b"\xff\xfe\x00", "[" * 5000, b'{"sym": "A", "amount": 1}')
        assert (await first).data["amount"] == 1
    assert connector.counts.undecodable == 3


async def test_a_value_that_cannot_be_read_is_lost_alone(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Half a surrogate pair, NaN; the rest of the message is there."""
    async with aclosing(watch(connector, "A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        await upstream.say('{"sym": "A", "amount": NaN, "name": "\\ud83d", "bid": 1}')
        data = (await first).data
    assert [type(data[name]) for name in ("amount", "name", "bid")] == [UpstreamBadReply, UpstreamBadReply, int]
    assert connector.counts.undecodable == 0


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


async def test_the_deadline_of_a_call_ends_its_stream(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A stream with a deadline ends there with UpstreamTimeout, and is unsubscribed."""
    call = in_time(Call(operation=ticks.operation, arguments={"sku": "A"}), 0.2)
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await viewing(connector.stream(call), [])
    assert 0.15 < time.monotonic() - began < GENEROUS
    assert await upstream.hears(SUB_A, UNSUB_A)


async def test_names_of_messages_can_hold_dots(upstream: Upstream, connector: WebsocketConnector) -> None:
    """In the topic, in `when` and in `at`."""
    dotted = ticker.subscribe(
        {"op": "sub", "sym": "{sku}"}, topic=r"meta.app\.io/sym", when={("a.b",): 1}, at=r"legs[].px\.last"
    )
    async with Direct({"ticker": connector}), aclosing(dotted(sku="A")) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears(SUB_A)
        found = {"meta": {"app.io/sym": "A"}, "legs": [{"px.last": 1}, {"px.last": 2}]}
        await upstream.say({"meta": {"app.io/sym": "B"}, "a.b": 1}, found, {**found, "a.b": 1})
        assert (await first).data == [1, 2]
    assert connector.counts.unrouted == 2


async def test_several_events_of_one_frame(upstream: Upstream, connector: WebsocketConnector) -> None:
    """As an array, as lines, in a row, packed or not: each is an event, also more of them than a queue holds."""
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    one, two, other = tick("A", 1), tick("A", 2), tick("B", 9)
    await upstream.say([one, other, two])
    await upstream.say("\n".join(map(json.dumps, (one, other, two))))
    await upstream.say(json.dumps(one) + json.dumps(two) + "{broken")
    await upstream.say(gzip.compress(json.dumps([one, two]).encode()))
    await upstream.say(gzip.compress(json.dumps(one).encode()) + b"x", b"")
    await upstream.say([tick("A", number) for number in range(3, 1000)])
    assert await eventually(lambda: answered(len(seen) == 8 + 997))
    assert seen == [1, 2] * 4 + [*range(3, 1000)]
    assert (connector.counts.unrouted, connector.counts.undecodable, connector.counts.dropped) == (3, 2, 0)
    await stop([viewer])


async def test_events_in_a_field_and_arrays_that_are_events(upstream: Upstream, connector: WebsocketConnector) -> None:
    """`items=` names the field; what the events lack is in the frame. Arrays whose items have meanings stay whole."""
    inside = ticker.subscribe({"op": "in", "sym": "{sku}"}, topic="stream", items="data", at="n")
    channel = ticker.subscribe({"op": "channel", "id": "{sku}"}, topic="0", when={"1": "te"}, at="2.n")
    async with Direct({"ticker": connector}), aclosing(inside(sku="A")) as first, aclosing(channel(sku=42)) as second:
        reading = [asyncio.ensure_future(anext(events)) for events in (first, second)]
        assert await upstream.hears({"op": "in", "sym": "A"}, {"op": "channel", "id": 42})
        await upstream.say({"stream": "A", "data": [{"n": 1}, {"n": 2}]}, [42, "hb"], [42, "te", {"n": 3}])
        assert [(await each).data for each in reading] == [1, 3]
        assert (await anext(first)).data == 2
        assert connector.counts.unrouted == 1


async def test_all_items_of_arrays_can_be_events(upstream: Upstream, connector: WebsocketConnector) -> None:
    """By choice, without a topic, over a socket of its own too."""
    everything = ticker.subscribe({"op": "all"}, items=True, socket="own")
    async with aclosing(connector.stream(Call(operation=everything.operation))) as events:
        read = asyncio.ensure_future(anext(events))
        assert await upstream.hears({"op": "all"})
        await upstream.say([1, 2])
        assert [(await read).data, (await anext(events)).data] == [1, 2]


async def test_what_nobody_reads_is_in_the_log(
    upstream: Upstream, connector: WebsocketConnector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line of each kind while there are subscribers, with the form and without the data."""
    monkeypatch.setattr(reports, "_quiet", {})
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    for _ in range(3):
        await upstream.say("s3cret no json", {"sym": "hunter2", "pin": 1234})
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    lines = [(vars(line)["what"], line.getMessage()) for line in caplog.records if "what" in vars(line)]
    assert [what for what, _ in lines] == ["unread", "unclaimed"]
    assert "{sym: text, pin: number}" in lines[1][1]
    assert not any(secret in caplog.text for secret in ("s3cret", "hunter2", "1234"))
    await stop([viewer])
    await upstream.say(tick("A", 2))
    assert await eventually(lambda: answered(connector.counts.unrouted == 4))
    assert len([line for line in caplog.records if "what" in vars(line)]) == 2


async def test_known_messages_are_neither_events_nor_reported(upstream: Upstream, connected: Connect) -> None:
    """`ignore` has their texts or fields; in arrays too."""
    connector = connected(ignore=["pong", {"type": "heartbeat"}])
    everything = ticker.subscribe({"op": "all"}, items=True)
    async with aclosing(connector.stream(Call(operation=everything.operation))) as events:
        read = asyncio.ensure_future(anext(events))
        assert await upstream.hears({"op": "all"})
        beat = {"type": "heartbeat", "n": 1}
        await upstream.say("pong", beat, [beat], [beat, {"n": 2}], b"pong", {"n": 3})
        assert [(await read).data, (await anext(events)).data] == [{"n": 2}, {"n": 3}]
    assert (connector.counts.unrouted, connector.counts.undecodable) == (0, 0)


async def test_topics_in_another_case(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Many upstreams take `btcusdt` and say `BTCUSDT`."""
    any_case = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="sym", topic_case="insensitive", last=True)
    async with aclosing(watch(connector, "btcusdt", any_case)) as events:
        first = asyncio.ensure_future(anext(events))
        assert await upstream.hears({"op": "sub", "sym": "btcusdt"})
        await upstream.say(tick("BTCUSDT", 1))
        assert (await first).data["amount"] == 1
