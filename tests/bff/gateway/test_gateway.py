"""The gateway: requests in, answers out, coded errors, one deadline, subscriptions."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest
import strawberry

from bff.authoring import argument, frontend, via
from bff.contract import Answer, Refused, Request
from connectors.errors import UpstreamTimeout
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway, publisher, stream
from tests.waiting import GENEROUS, until

word = endpoint("shop: word")
price_of = batched("shop: price", parameter="sku", key="sku")
ticks = stream("shop: ticks", {"sku": True})
placed = publisher("shop: placed")


@strawberry.type
class Tick:
    sku: str
    amount: int
    price: int | None = via(price_of, sku="sku")


@strawberry.type
class Query:
    word: str | None = via(word)

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("the password is hunter2")

    @strawberry.field
    def echo(self, number: int = 1) -> int:
        return number

    @strawberry.field
    async def slow(self) -> str | None:
        await asyncio.sleep(3600)
        return "late"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def place(self, id: str) -> bool:
        await placed({"id": id}, key=id)
        return True


@strawberry.type
class Subscription:
    tick: Tick = via(ticks, sku=argument(str))

    @strawberry.subscription
    async def doubled(self, sku: str) -> AsyncGenerator[int, None]:
        async for event in ticks(sku=sku):
            yield event.data["amount"] * 2


schema = frontend(query=Query, mutation=Mutation, subscription=Subscription)


async def test_a_mutation_publishes() -> None:
    """The message, its key and headers reach the upstream."""
    shop = FakeUpstream()
    answer = await ask(gateway(schema, shop=shop), 'mutation { place(id: "o-1") }')
    assert answer.data == {"place": True}
    assert shop.published[0].arguments == {"message": {"id": "o-1"}, "key": "o-1", "headers": {}}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ word", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ wrod }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { echo(number: $n) }", "BAD_USER_INPUT"),
        ("query A { word } query B { word }", "OPERATION_NAME_NEEDED"),
        ("fragment F on Query { word }", "OPERATION_NOT_FOUND"),
        ("{ word " + "word " * 3000 + "}", "TOO_MANY_TOKENS"),
        ("{ a " * 900 + "}" * 900, "TOO_DEEP"),
    ],
)
async def test_a_request_that_cannot_run_says_why(query: str, code: str) -> None:
    """Nothing runs, there is no data entry, the code is stable."""
    answer = await ask(gateway(schema, limits={"max_depth": 20}, shop=FakeUpstream()), query)
    assert answer.errors[0]["extensions"]["code"] == code
    assert not answer.was_executed
    assert answer.status == 400
    assert "data" not in answer.body()


async def test_a_mutation_is_refused_over_get() -> None:
    """A link must not buy anything."""
    app = gateway(schema, shop=FakeUpstream())
    answer = await app.answer(Request(frontend="app", query='mutation { place(id: "1") }', no_mutations=True))
    assert isinstance(answer, Answer)
    assert answer.status == 405


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


def test_choosing_an_unknown_frontend_names_those_there_are() -> None:
    """By path: 404 and the list."""
    with pytest.raises(Refused) as caught:
        gateway(schema).choose({}, "phone")
    assert caught.value.code == "UNKNOWN_FRONTEND"
    assert "app" in caught.value.message
