"""Questions and messages over the socket: ids, failures, garbage, cancelling."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamFailed, UpstreamTimeout, UpstreamUnreachable
from connectors.websocket.connector import WebsocketConnector
from connectors.websocket.endpoints import websocket
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.test_streams import SUB_A, answered, stop, tick, viewing, watch
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS

ticker = websocket("ticker")
price = ticker.request({"op": "price", "sku": "{sku}"}, cancel={"op": "cancel", "sku": "{sku}"}, error="error")


async def test_answers_find_their_questions_in_any_order(upstream: Upstream, connector: WebsocketConnector) -> None:
    """The upstream answers the second question first."""
    calls = [Call(operation=price.operation, arguments={"sku": sku}) for sku in ("A", "B")]
    asking = [asyncio.create_task(connector.send(call)) for call in calls]
    assert await eventually(lambda: answered(len(upstream.heard) == 2))
    for asked in reversed(upstream.heard):
        await upstream.say({"id": asked["id"], "for": asked["sku"]})
    assert [(await each).data["for"] for each in asking] == ["A", "B"]


async def test_the_id_may_be_anywhere(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A dotted path is made in the question and read in the answer; at= points into it."""
    upstream.answer = lambda asked: {"meta": {"ref": asked["meta"]["ref"]}, "result": {"amount": asked["sku"]}}
    nested = ticker.request({"sku": "{sku}"}, id="meta.ref", at="result.amount")
    async with Direct({"ticker": connector}):
        assert (await nested(sku=7)).data == 7


async def test_an_answer_without_an_id_is_nobodys(upstream: Upstream, connector: WebsocketConnector) -> None:
    """It is counted and the question goes on waiting."""
    upstream.answer = lambda asked: {"amount": 1}
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(Call(operation=price.operation, arguments={"sku": "A"}), 0.1))
    assert connector.counts.unrouted == 1


async def test_an_answer_that_comes_too_late_is_nobodys(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A timed-out question is cancelled upstream, with its arguments, and its answer is dropped."""
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(Call(operation=price.operation, arguments={"sku": "A"}), 0.1))
    assert await eventually(lambda: answered(len(upstream.heard) == 2))
    asked, cancelled = upstream.heard
    assert cancelled == {"op": "cancel", "sku": "A", "id": asked["id"]}
    await upstream.say({"id": asked["id"], "amount": 1})
    assert await eventually(lambda: answered(connector.counts.unrouted == 1))


async def test_an_answered_question_is_not_cancelled(upstream: Upstream, connector: WebsocketConnector) -> None:
    """Only who leaves early says goodbye."""
    upstream.answer = lambda asked: {"id": asked["id"]}
    await connector.send(Call(operation=price.operation, arguments={"sku": "A"}))
    await asyncio.sleep(0.05)
    assert len(upstream.heard) == 1


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ({"code": -32601, "message": "secret"}, "-32601"),
        ("NO_STOCK", "NO_STOCK"),
        ("pw is hunter2!", ""),
        (True, "True"),
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


async def test_a_message_is_sent_as_it_is(upstream: Upstream, connector: WebsocketConnector) -> None:
    """send() without a template sends what it is awaited with."""
    shout = ticker.send()
    async with Direct({"ticker": connector}):
        await shout({"op": "buy", "sku": "A"})
        assert await upstream.hears({"op": "buy", "sku": "A"})


async def test_a_message_template_has_a_place_for_the_message(
    upstream: Upstream, connector: WebsocketConnector
) -> None:
    """Parameters and the message fill it."""
    order = ticker.send({"op": "order", "sku": "{sku}", "body": "{message}"})
    async with Direct({"ticker": connector}):
        await order({"count": 2}, sku="A")
        assert await upstream.hears({"op": "order", "sku": "A", "body": {"count": 2}})


async def test_a_message_that_cannot_be_sent_says_so(connected: Connect) -> None:
    """No socket: UpstreamUnreachable. Not JSON: the developer's mistake."""
    connector, shout = connected(address=f"ws://127.0.0.1:{free_port()}"), ticker.send()
    with pytest.raises(UpstreamUnreachable):
        await connector.publish(Call(operation=shout.operation, arguments={"message": {}}))
    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        await connector.publish(Call(operation=shout.operation, arguments={"message": object()}))
