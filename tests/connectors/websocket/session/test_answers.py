"""Answers and the calls that wait for them."""

from __future__ import annotations

import asyncio
import json

import pytest

from connectors.contract import Call
from connectors.errors import (
    UpstreamBadReply,
    UpstreamTimeout,
)
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import eventually, in_time
from tests.connectors.websocket.subscribers import SUB_A, answered, price, stop, tick, viewing, watch
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS


async def test_answers_find_their_questions_in_any_order(upstream: Upstream, connector: WebsocketConnector) -> None:
    """The upstream answers the second question first."""
    calls = [Call(operation=price.operation, arguments={"sku": sku}) for sku in ("A", "B")]
    asking = [asyncio.create_task(connector.send(call)) for call in calls]
    assert await eventually(lambda: answered(len(upstream.heard) == 2))
    for asked in reversed(upstream.heard):
        await upstream.say({"id": asked["id"], "for": asked["sku"]})
    assert [(await each).data["for"] for each in asking] == ["A", "B"]


async def test_an_answer_without_an_id_is_nobodys(upstream: Upstream, connector: WebsocketConnector) -> None:
    """It is counted and the question goes on waiting."""
    upstream.answer = lambda asked: {"amount": 1}
    await connector.start()
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(Call(operation=price.operation, arguments={"sku": "A"}), 0.1))
    assert connector.counts.unrouted == 1


async def test_an_answer_that_comes_too_late_is_nobodys(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A timed-out question is cancelled upstream, with its arguments, and its answer is dropped."""
    await connector.start()
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(Call(operation=price.operation, arguments={"sku": "A"}), 0.1))
    assert await eventually(lambda: answered(len(upstream.heard) == 2))
    asked, cancelled = upstream.heard
    assert cancelled == {"op": "cancel", "sku": "A", "id": asked["id"]}
    await upstream.say({"id": asked["id"], "amount": 1})
    assert await eventually(lambda: answered(connector.counts.unrouted == 1))


async def test_garbage_with_an_id_fails_that_question_only(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A broken answer does not take the others with it, nor the viewers."""
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    asking = [
        asyncio.create_task(connector.send(in_time(Call(operation=price.operation, arguments={"sku": sku}), GENEROUS)))
        for sku in ("A", "B")
    ]
    assert await eventually(lambda: answered(len(upstream.heard) == 3))
    first, second = upstream.heard[1:]
    await upstream.say("garbage", json.dumps({"id": first["id"]})[:-1], {"id": second["id"], "ok": 1}, tick("A", 1))
    with pytest.raises(UpstreamBadReply):
        await asking[0]
    assert (await asking[1]).data["ok"] == 1
    assert await eventually(lambda: answered(seen == [1]))
    await stop([viewer])


async def test_answers_in_one_array(upstream: Upstream, connector: WebsocketConnector) -> None:
    """JSON-RPC upstreams answer in batches; events may stand between the answers."""
    seen: list[int] = []
    viewer = asyncio.create_task(viewing(watch(connector, "A"), seen))
    assert await upstream.hears(SUB_A)
    calls = [Call(operation=price.operation, arguments={"sku": sku}) for sku in ("A", "B")]
    asking = [asyncio.create_task(connector.send(call)) for call in calls]
    assert await eventually(lambda: answered(len(upstream.heard) == 3))
    first, second = upstream.heard[1:]
    await upstream.say([{"id": second["id"], "n": 2}, tick("A", 1), {"id": first["id"], "n": 1}])
    assert [(await each).data["n"] for each in asking] == [1, 2]
    assert await eventually(lambda: answered(seen == [1]))
    assert connector.counts.unrouted == 0
    await stop([viewer])
