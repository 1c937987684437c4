"""Failures in messages, and of the connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import Call
from connectors.error_details import Closed
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamFailed,
    UpstreamReplyTooLarge,
)
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import (
    QUESTION,
    QUICK,
    SUB_A,
    SUB_B,
    answered,
    price,
    stop,
    tick,
    ticker,
    viewing,
    watch,
)
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS


async def test_an_error_message_ends_the_streams_of_its_topic(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """error= names the fields of messages that mean failure; other topics go on."""
    strict = ticker.subscribe({"op": "sub", "sym": "{sku}"}, topic="sym", when={"t": "tick"}, error={"t": "error"})
    failing, fine = watch(connector, "A", strict), watch(connector, "B", strict)
    waiting = [asyncio.ensure_future(anext(stream)) for stream in (failing, fine)]
    assert await upstream.hears(SUB_A, SUB_B)
    await upstream.say({"t": "error", "sym": "A", "code": "E7"}, {"t": "tick", "sym": "B", "amount": 1})
    with pytest.raises(UpstreamFailed) as caught:
        await waiting[0]
    assert (caught.value.upstream_code, caught.value.body) == ("E7", {"t": "error", "sym": "A", "code": "E7"})
    assert (await waiting[1]).data["amount"] == 1
    await fine.aclose()


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ({"code": -32601, "message": "secret"}, "-32601"),
        ("NO_STOCK", "NO_STOCK"),
        ("pw is hunter2!", ""),
        (True, ""),
    ],
)
async def test_a_reported_failure_has_a_code_and_no_words(
    upstream: Upstream, connector: WebsocketConnector, failure: Any, code: str
) -> None:
    """JSON-RPC errors and plain codes are told apart from free text, which may hold anything."""
    upstream.answer = lambda asked: {"id": asked["id"], "error": failure}
    with pytest.raises(UpstreamFailed) as caught:
        await connector.send(in_time(Call(operation=price.operation, arguments={"sku": "A"}), GENEROUS))
    assert caught.value.upstream_code == code
    assert "secret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_message_over_the_limit_breaks_the_connection_and_says_so(
    upstream: Upstream, connected: Connect
) -> None:
    """Questions get UpstreamReplyTooLarge; viewers are back with the next connection."""
    connector = connected(max_reply_size=200, reconnect=QUICK)
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    upstream.answer = lambda asked: {"id": asked["id"], "long": "x" * 500} if asked["op"] == "ask" else None
    with pytest.raises(UpstreamReplyTooLarge):
        await connector.send(in_time(QUESTION, GENEROUS))

    async def again() -> bool:
        return upstream.heard.count(SUB_A) == 2

    assert await eventually(again)
    await upstream.say(tick("A", 1))
    assert await eventually(lambda: answered(seen == [1]))
    await stop([viewer])


async def test_the_code_and_reason_of_a_close_are_kept(upstream: Upstream, connected: Connect) -> None:
    """For those who catch the error; its text has the code alone."""
    connector = connected(reconnect=QUICK)
    asking = asyncio.create_task(connector.send(in_time(QUESTION, GENEROUS)))

    async def heard() -> bool:
        return bool(upstream.heard)

    upstream.answer = lambda asked: None
    assert await eventually(heard)
    (client,) = upstream.open
    await client.close(1008, "policy of tenant 7")
    with pytest.raises(UpstreamDisconnected) as caught:
        await asking
    assert (caught.value.status, caught.value.upstream_code) == (1008, "1008")
    assert caught.value.details == (Closed(1008, "policy of tenant 7"),)
    assert "tenant" not in str(caught.value)
