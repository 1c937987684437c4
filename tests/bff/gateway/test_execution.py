"""Running an operation: its effects, its one deadline, its end."""

from __future__ import annotations

import asyncio
import time

import pytest

from bff.contract import Answer, Request
from tests.bff.fakes import FakeUpstream, ask, gateway
from tests.bff.gateway.world import schema
from tests.waiting import GENEROUS, until


async def test_a_mutation_publishes() -> None:
    """The message, its key and headers reach the upstream."""
    shop = FakeUpstream()
    answer = await ask(gateway(schema, shop=shop), 'mutation { place(id: "o-1") }')
    assert answer.data == {"place": True}
    assert shop.published[0].arguments == {"message": {"id": "o-1"}, "key": "o-1", "headers": {}}


async def test_an_unexpected_exception_is_masked() -> None:
    """The frontend reads that something went wrong, never what."""
    answer = await ask(gateway(schema, shop=FakeUpstream()), "{ broken }")
    assert answer.data == {"broken": None}
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in str(answer.body())


async def test_a_request_ends_at_its_deadline() -> None:
    """Even when a resolver of the author hangs."""
    began = time.monotonic()
    answer = await ask(gateway(schema, timeout=0.1, shop=FakeUpstream()), "{ slow }")
    assert answer.errors[0]["extensions"]["code"] == "TIMEOUT"
    assert time.monotonic() - began < GENEROUS


async def test_cancelling_a_request_cancels_its_calls() -> None:
    """A client that hangs up does not keep upstreams busy."""
    shop = FakeUpstream(delay=3600)
    asking = asyncio.create_task(ask(gateway(schema, shop=shop), "{ word }"))
    await until(lambda: shop.calls)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert shop.cancelled == 1


async def test_subscriptions_have_no_deadline_but_their_events_do() -> None:
    """A quiet stream may last; resolving one event may not."""
    shop = FakeUpstream(lambda call: [{"sku": "a"}], events=[{"sku": "a", "amount": 1}])
    answers = await gateway(schema, shop=shop).answer(
        Request(frontend="app", query='subscription { tick(sku: "a") { price } }')
    )
    assert not isinstance(answers, Answer)
    _ = [answer async for answer in answers]
    assert shop.calls[0].deadline is None
    assert shop.calls[1].deadline is not None
