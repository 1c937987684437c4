"""The events of a subscription: resolved afresh, and ended from either side."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
import strawberry

from bff.authoring import argument, frontend, via
from bff.contract import Answer, Request
from connectors import contract
from connectors.errors import UpstreamTimeout
from tests.bff.fakes import FakeUpstream, batched, gateway
from tests.bff.gateway.world import Query, schema, ticks


async def test_a_subscription_resolves_each_event_afresh() -> None:
    """A field fetched for one event is fetched again for the next, and the upstream's stream ends with it."""
    prices = iter([10, 20])
    shop = FakeUpstream(
        lambda call: [{"sku": "a", "": 0} | {"sku": call.keys[0]}] and {"a": next(prices)},
        events=[{"sku": "a", "amount": 1}, {"sku": "a", "amount": 2}],
    )
    by_mapping = batched("shop: price", parameter="sku", key="")

    @strawberry.type
    class Event:
        sku: str
        amount: int
        price: int | None = via(by_mapping, sku="sku")

    @strawberry.type
    class Events:
        event: Event = via(ticks, sku=argument(str))

    app = gateway(frontend(query=Query, subscription=Events), shop=shop)
    answers = await app.answer(Request(frontend="app", query='subscription { event(sku: "a") { amount price } }'))
    assert not isinstance(answers, Answer)
    got = [answer.data async for answer in answers]
    assert got == [{"event": {"amount": 1, "price": 10}}, {"event": {"amount": 2, "price": 20}}]
    assert shop.streams_open == 0


async def test_a_subscriber_that_leaves_closes_the_upstream_stream() -> None:
    """aclose() reaches the connector."""
    shop = FakeUpstream(events=[{"sku": "a", "amount": n} for n in range(100)])
    answers = await gateway(schema, shop=shop).answer(
        Request(frontend="app", query='subscription { doubled(sku: "a") }')
    )
    assert not isinstance(answers, Answer)
    first = await anext(answers)
    assert first.data == {"doubled": 0}
    assert shop.streams_open == 1
    await answers.aclose()
    assert shop.streams_open == 0


async def test_a_resolver_that_raises_while_a_task_of_its_own_reads(caplog: pytest.LogCaptureFixture) -> None:
    """One error; the task is cancelled, and the stream upstream is closed."""
    tasks: list[asyncio.Task[None]] = []

    @strawberry.type
    class Events:
        @strawberry.subscription
        async def amounts(self) -> AsyncGenerator[int, None]:
            amounts: asyncio.Queue[int] = asyncio.Queue()

            async def read() -> None:
                async for event in ticks(sku="a"):
                    amounts.put_nowait(event.data["amount"])

            tasks.append(asyncio.create_task(read()))
            yield await amounts.get()
            await asyncio.sleep(0)
            raise ValueError("of the author")

    class Quiet(FakeUpstream):
        async def stream(self, call: contract.Call) -> AsyncGenerator[contract.Event, None]:
            async with aclosing(super().stream(call)) as events:
                async for event in events:
                    yield event
                await asyncio.Event().wait()

    shop = Quiet(events=[{"sku": "a", "amount": 1}])
    app = gateway(frontend(query=Query, subscription=Events), shop=shop)
    answers = await app.answer(Request(frontend="app", query="subscription { amounts }"))
    assert not isinstance(answers, Answer)
    got = [answer async for answer in answers]
    assert [answer.data for answer in got] == [{"amounts": 1}, None]
    assert got[1].errors[0]["extensions"]["code"] == "INTERNAL"
    assert tasks[0].cancelled()
    assert shop.streams_open == 0
    assert [record.levelname for record in caplog.records].count("ERROR") <= 1


async def test_a_stream_that_fails_ends_with_a_coded_error() -> None:
    """The last event of a broken stream says why, in safe words."""
    from connectors.contract import Operation

    failure = UpstreamTimeout(Operation(upstream="shop", name="ticks"), "10.0.0.7 is gone")
    shop = FakeUpstream(events=[{"sku": "a", "amount": 1}, failure])
    answers = await gateway(schema, shop=shop).answer(
        Request(frontend="app", query='subscription { doubled(sku: "a") }')
    )
    assert not isinstance(answers, Answer)
    got = [answer async for answer in answers]
    assert got[0].data == {"doubled": 2}
    assert got[1].errors[0]["extensions"]["code"] == "UPSTREAM_TIMEOUT"
    assert "10.0.0.7" not in str(got[1].body())
