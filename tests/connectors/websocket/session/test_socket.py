"""The one socket: opened when needed, again when it breaks, closed when idle; and what callers are told meanwhile."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest
from websockets.asyncio.server import ServerConnection

from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamForbidden,
    UpstreamUnauthenticated,
    UpstreamUnreachable,
)
from connectors.streams.reconnect import Backoff
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import (
    QUESTION,
    QUICK,
    SUB_A,
    SUB_B,
    UNSUB_A,
    answered,
    stop,
    tick,
    viewing,
    watch,
)
from tests.connectors.websocket.upstream import Upstream, accept
from tests.waiting import GENEROUS, time_limit, until


async def test_viewers_survive_a_lost_connection(upstream: Upstream, connected: Connect) -> None:
    """The upstream dies and comes back: all topics are subscribed again, viewers notice nothing but the gap."""
    connector = connected(reconnect=QUICK)
    seen: dict[str, list[int]] = {"A": [], "B": []}
    viewers = [asyncio.create_task(viewing(watch(connector, sku), into)) for sku, into in seen.items()]
    assert await upstream.hears(SUB_A, SUB_B)
    await upstream.say(tick("A", 1), tick("B", 1))
    assert await eventually(lambda: answered(seen == {"A": [1], "B": [1]}))
    await upstream.stop()
    await asyncio.sleep(0.2)
    upstream.heard.clear()
    await upstream.start()
    assert await upstream.hears(SUB_A, SUB_B)
    await upstream.say(tick("A", 2), tick("B", 2))
    assert await eventually(lambda: answered(seen == {"A": [1, 2], "B": [1, 2]}))
    await stop(viewers)


async def test_a_topic_that_was_left_while_away_is_not_subscribed_again(upstream: Upstream, connected: Connect) -> None:
    """What is subscribed after a reconnect is what is wanted then."""
    connector = connected(reconnect=QUICK)
    viewers = [asyncio.create_task(viewing(watch(connector, sku), [])) for sku in ("A", "B")]
    assert await upstream.hears(SUB_A, SUB_B)
    await upstream.stop()
    await stop(viewers[:1])
    upstream.heard.clear()
    await upstream.start()
    assert await upstream.hears(SUB_B)
    await stop(viewers)


async def test_a_clean_close_is_no_end_either(upstream: Upstream, connected: Connect) -> None:
    """An upstream that says goodbye (1001, a deploy) is connected to again."""
    connector = connected(reconnect=QUICK)
    viewer = asyncio.create_task(viewing(watch(connector, "A"), []))
    assert await upstream.hears(SUB_A)
    for client in list(upstream.open):
        await client.close(1001)
    assert await upstream.hears(SUB_A, SUB_A)
    await stop([viewer])


async def test_viewers_are_told_when_it_is_hopeless(upstream: Upstream, connected: Connect) -> None:
    """After give_up_after without a connection every viewer gets UpstreamUnreachable; a later one tries anew."""
    connector = connected(reconnect={"initial_delay": "20ms", "max_delay": "50ms", "give_up_after": "200ms"})
    viewers = [asyncio.create_task(viewing(watch(connector, "A"), [])) for _ in range(3)]
    assert await upstream.hears(SUB_A)
    await upstream.stop()
    began = time.monotonic()
    ends = await asyncio.gather(*viewers, return_exceptions=True)
    assert [type(end) for end in ends] == [UpstreamUnreachable] * 3
    assert 0.15 < time.monotonic() - began < GENEROUS
    await upstream.start()
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A, SUB_A)
    await stop([viewer])


async def test_questions_fail_at_once_when_the_connection_breaks(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """They may have been acted on, so they are not asked again: UpstreamDisconnected."""
    asking = asyncio.create_task(connector.send(in_time(QUESTION, GENEROUS)))

    async def heard() -> bool:
        return len(upstream.heard) == 1

    assert await eventually(heard)
    await upstream.drop()
    began = time.monotonic()
    with pytest.raises(UpstreamDisconnected):
        await asking
    assert time.monotonic() - began < GENEROUS


async def test_a_question_does_not_wait_out_a_long_pause(
    upstream: Upstream, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While viewers wait for the next attempt, somebody who needs the socket now makes it happen now."""
    monkeypatch.setattr(Backoff, "next_delay", lambda _: 3600.0)  # as after many failures
    connector = connected(reconnect={"initial_delay": "20ms", "max_delay": "1h", "give_up_after": "2h"})
    viewer = asyncio.create_task(viewing(watch(connector, "A"), []))
    assert await upstream.hears(SUB_A)
    await upstream.stop()
    assert await upstream.has(clients=0)
    await asyncio.sleep(0.1)
    upstream.answer = lambda asked: {"id": asked.get("id"), "ok": True}
    await upstream.start()
    began = time.monotonic()
    assert (await connector.send(in_time(QUESTION, GENEROUS))).data["ok"] is True
    assert time.monotonic() - began < GENEROUS
    await stop([viewer])


async def test_nobody_knocks_when_nobody_needs_it(upstream: Upstream, connected: Connect) -> None:
    """Without viewers a lost connection is not made again."""
    connector = connected(reconnect=QUICK)
    await connector.start()
    assert await upstream.has(clients=1)
    await upstream.drop()
    await asyncio.sleep(0.3)
    assert len(upstream.handshakes) == 1
    await connector.check()
    assert len(upstream.handshakes) == 2


async def test_the_socket_is_closed_when_idle(upstream: Upstream, connected: Connect) -> None:
    """After `idle` without viewers and calls it goes; the next need opens another."""
    connector = connected(idle_timeout="100ms")
    upstream.answer = lambda asked: {"id": asked["id"]} if "id" in asked else None
    await connector.send(QUESTION)
    async with aclosing(watch(connector, "A")) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.3)
        assert len(upstream.open) == 1  # a viewer keeps it
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert await upstream.has(clients=0)
    await connector.send(QUESTION)
    assert len(upstream.handshakes) == 2


async def test_a_silent_connection_is_given_up_by_heartbeat(connected: Connect) -> None:
    """A peer that answers no ping is as good as gone: calls fail instead of waiting for ever."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = next(line for line in (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n") if b"Key" in line)
        writer.write(b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept(key.split(b": ")[1]) + b"\r\n\r\n")
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = connected(address=f"ws://127.0.0.1:{port}", ping_interval="100ms")
    with pytest.raises(UpstreamDisconnected):
        await asyncio.wait_for(connector.send(QUESTION), GENEROUS)
    await connector.close()
    server.close()
    await server.wait_closed()


async def test_closing_ends_what_is_under_way(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Calls and viewers get UpstreamDisconnected; later ones UpstreamUnreachable."""
    under_way = [
        asyncio.create_task(viewing(watch(connector, "A"), [])),
        asyncio.create_task(connector.send(QUESTION)),  # type: ignore[arg-type]
    ]
    await until(lambda: len(upstream.heard) == 2)
    await connector.close()
    ends = await asyncio.gather(*under_way, return_exceptions=True)
    assert [type(end) for end in ends] == [UpstreamDisconnected] * 2
    with pytest.raises(UpstreamUnreachable):
        await viewing(watch(connector, "A"), [])
    assert await upstream.has(clients=0)


async def test_an_unreachable_upstream_is_told_to_new_viewers_at_once(connected: Connect) -> None:
    """Patience is for those who were connected once."""
    connector = connected(address=f"ws://127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(UpstreamUnreachable):
        await viewing(watch(connector, "A"), [])
    assert time.monotonic() - began < GENEROUS


async def test_an_upstream_that_hangs_up_after_the_handshake(
    upstream: Upstream, connected: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """It counts as one that is away: subscribers get a coded error, and the log has its code and reason, once."""

    async def hang_up(client: ServerConnection) -> None:
        await client.close(1013, "no such tenant")

    upstream.speak = hang_up  # type: ignore[method-assign]
    connector = connected(reconnect={"initial_delay": "20ms", "max_delay": "10s", "give_up_after": "2s"})
    viewers = [asyncio.create_task(viewing(watch(connector, "A"), [])) for _ in range(3)]
    async with time_limit():
        ends = await asyncio.gather(*viewers, return_exceptions=True)
    assert [(type(end), getattr(end, "upstream_code", "")) for end in ends] == [(UpstreamDisconnected, "1013")] * 3
    assert 3 <= len(upstream.handshakes) <= 12, "the delay grows, though each handshake succeeds"
    lines = [
        (line.message, vars(line)["code"], vars(line)["reason"]) for line in caplog.records if "code" in vars(line)
    ]
    assert lines == [
        ("websocket_lost", "1013", "no such tenant"),
        ("websocket_given_up", "1013", "no such tenant"),
    ]


@pytest.mark.parametrize(("leave", "code"), [("idle", 1000), ("stop", 1001)])
async def test_how_the_gateway_leaves(upstream: Upstream, connected: Connect, leave: str, code: int) -> None:
    """1000 when nobody needs the socket, 1001 when the gateway stops; 1011 would look like a failure of it."""
    codes: list[int | None] = []

    async def listen(client: ServerConnection) -> None:
        await client.wait_closed()
        codes.append(client.close_code)

    upstream.speak = listen  # type: ignore[method-assign]
    connector = connected(idle_timeout="50ms" if leave == "idle" else "1h")
    viewer = asyncio.create_task(viewing(watch(connector, "A"), []))
    assert await upstream.has(clients=1)
    await stop([viewer])
    if leave == "stop":
        await connector.close()
    await until(lambda: bool(codes))
    assert codes == [code]


@pytest.mark.parametrize("code", [1008, 4401, 4403])
async def test_an_upstream_that_refuses_the_gateway_is_not_retried_for_ever(
    upstream: Upstream, connected: Connect, code: int
) -> None:
    """Also if it sends a message before it closes: subscribers get its code after five refusals."""

    async def refuse(client: ServerConnection) -> None:
        await client.send('{"event": "error", "code": 7}')
        await asyncio.sleep(0.05)
        await client.close(code, "token of ward 7 is not valid")

    upstream.speak = refuse  # type: ignore[method-assign]
    connector = connected(reconnect={"initial_delay": "10ms", "max_delay": "30s", "give_up_after": "1h"})
    async with time_limit():
        with pytest.raises(UpstreamError) as caught:
            await viewing(watch(connector, "A"), [])
    kinds = {1008: UpstreamDisconnected, 4401: UpstreamUnauthenticated, 4403: UpstreamForbidden}
    assert (type(caught.value), caught.value.upstream_code) == (kinds[code], str(code))
    assert "ward" not in str(caught.value)
    assert len(upstream.handshakes) == 5


async def test_subscriptions_are_ended_before_the_socket_is_closed(upstream: Upstream, connected: Connect) -> None:
    """Where the endpoint has a message for it, when the gateway stops or reloads; with a reason."""
    ends: list[tuple[int | None, str | None]] = []
    speak = upstream.speak

    async def listen(client: ServerConnection) -> None:
        await speak(client)
        ends.append((client.close_code, client.close_reason))

    upstream.speak = listen  # type: ignore[method-assign]
    connector = connected()
    viewers = [asyncio.create_task(viewing(watch(connector, "A"), [])) for _ in range(2)]
    assert await upstream.hears(SUB_A)
    await connector.close()
    assert await upstream.hears(SUB_A, UNSUB_A)
    assert ends == [(1001, "the gateway stops or reloads")]
    outcomes = await asyncio.gather(*viewers, return_exceptions=True)
    assert [type(each) for each in outcomes] == [UpstreamDisconnected] * 2


async def test_connections_of_use_that_end_with_a_refusal_are_made_again(
    upstream: Upstream, connected: Connect
) -> None:
    """An upstream may end each session so, when its token expires."""
    speak = upstream.speak

    async def serve_for_a_while(client: ServerConnection) -> None:
        if len(upstream.handshakes) > 7:
            await speak(client)
            return
        await asyncio.sleep(0.1)
        await client.close(4401, "expired")

    upstream.speak = serve_for_a_while  # type: ignore[method-assign]
    connector = connected(reconnect={"initial_delay": "10ms", "max_delay": "20ms", "give_up_after": "1h"})
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    await stop([viewer])
