"""The messages of one call."""

from __future__ import annotations

import pytest

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import (
    UpstreamRejected,
)
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.websocket.subscribers import (
    ticker,
    ticks,
    viewing,
)
from tests.connectors.websocket.upstream import Upstream


async def test_a_topic_that_is_null_is_refused(connector: WebsocketConnector) -> None:
    """Null would match every message that names no topic."""
    with pytest.raises(UpstreamRejected):
        await viewing(connector.stream(Call(operation=ticks.operation, arguments={"sku": None})), [])


async def test_the_id_may_be_anywhere(upstream: Upstream, connector: WebsocketConnector) -> None:
    """A dotted path is made in the question and read in the answer; at= points into it."""
    upstream.answer = lambda asked: {"meta": {"ref": asked["meta"]["ref"]}, "result": {"amount": asked["sku"]}}
    nested = ticker.request({"sku": "{sku}"}, id="meta.ref", at="result.amount")
    async with Direct({"ticker": connector}):
        assert (await nested(sku=7)).data == 7


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
