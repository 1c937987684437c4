"""Server streams: events in order, flow control, and an end that reaches the upstream."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from connectors.contract import Call, Streams
from connectors.direct import Direct
from connectors.errors import (
    DefinitionError,
    UpstreamConflict,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.grpc.connector import GrpcConnector
from connectors.grpc.endpoints import grpc
from tests.connectors.conformance import eventually, free_port, in_time
from tests.connectors.grpc.shop import Shop
from tests.waiting import settle, steady, until

shop_api = grpc("shop")
ticks = shop_api.stream("shop.Pricing/Watch", {"sku": "{sku}", "ticks": "{ticks?}"}, at="amount")


def watch(**arguments: Any) -> Call:
    return Call(operation=ticks.operation, arguments={"sku": "A", **arguments})


async def test_events_arrive_in_order_until_the_end(shop: Shop) -> None:
    """The author's `at` is applied, and the end of the stream is the end of the iteration."""
    async with Direct({"shop": shop.connector()}):
        assert [event.data async for event in ticks(sku="A", ticks=5)] == [0, 1, 2, 3, 4]


async def test_the_connector_says_that_it_streams(connector: GrpcConnector) -> None:
    """The gateway asks by protocol."""
    assert isinstance(connector, Streams)


async def test_closing_the_generator_cancels_upstream(shop: Shop, connector: GrpcConnector) -> None:
    """A frontend that goes away ends the stream at its source."""
    async with aclosing(connector.stream(watch())) as events:
        assert (await anext(events)).data["sku"] == "A"
        assert not shop.cancelled.is_set()
    assert await eventually(lambda: _is_set(shop.cancelled))


async def test_cancelling_the_reader_cancels_upstream(shop: Shop, connector: GrpcConnector) -> None:
    """Also while it waits for the next event."""
    shop.mode = "hang"

    async def read_all() -> None:
        async for event in connector.stream(watch(ticks=2)):
            seen.append(event)

    seen: list[object] = []
    reading = asyncio.create_task(read_all())
    await until(lambda: len(seen) == 2)
    await settle()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await eventually(lambda: _is_set(shop.cancelled))


async def test_a_slow_reader_slows_the_upstream_down(shop: Shop, connector: GrpcConnector) -> None:
    """A million messages of 100 kB wait at the server, not in our memory."""
    shop.mode = "heavy"
    async with aclosing(connector.stream(watch())) as events:
        await anext(events)
        await steady(lambda: shop.sent_ticks)
        assert shop.sent_ticks < 200


async def test_a_stream_that_fails_brings_what_came_before(shop: Shop, connector: GrpcConnector) -> None:
    """Two events, then the status as an error."""
    shop.mode = "fail"
    events = connector.stream(watch(ticks=2))
    assert [(await anext(events)).data["amount"] for _ in range(2)] == [0, 1]
    with pytest.raises(UpstreamConflict, match="no more ticks") as caught:
        await anext(events)
    assert caught.value.upstream_code == "ABORTED"


async def test_a_stream_meets_its_deadline(shop: Shop, connector: GrpcConnector) -> None:
    """If it has one."""
    shop.mode = "hang"
    with pytest.raises(UpstreamTimeout):
        async for _ in connector.stream(in_time(watch(ticks=1), 0.2)):
            pass


async def test_an_event_over_the_limit_ends_the_stream(shop: Shop) -> None:
    """`max_reply_size` is for every message."""
    shop.mode = "heavy"
    connector = shop.connector(max_reply_size="50kB")
    with pytest.raises(UpstreamReplyTooLarge):
        await anext(connector.stream(watch()))
    await connector.close()


async def test_closing_the_connector_ends_its_streams(shop: Shop, connector: GrpcConnector) -> None:
    """With an error, so that nobody takes it for the end of the data."""
    shop.mode = "hang"
    events = connector.stream(watch(ticks=1))
    await anext(events)
    waiting = asyncio.create_task(anext(events))
    await settle()
    await connector.close()
    with pytest.raises(UpstreamUnreachable):
        await waiting


async def test_an_unreachable_upstream_is_said_while_iterating(shop: Shop) -> None:
    """Making the generator does nothing yet."""
    connector = shop.connector(address=f"127.0.0.1:{free_port()}")
    events = connector.stream(watch())
    with pytest.raises(UpstreamUnreachable):
        await anext(events)
    await connector.close()


async def test_a_unary_method_is_no_stream(connector: GrpcConnector) -> None:
    """The author is told the right word."""
    wrong = shop_api.stream("shop.Pricing/Echo")
    with pytest.raises(DefinitionError, match=r"define it with \.unary\(\.\.\.\)"):
        await anext(connector.stream(Call(operation=wrong.operation)))


async def _is_set(event: asyncio.Event) -> bool:
    return event.is_set()
