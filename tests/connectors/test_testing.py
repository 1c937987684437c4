"""The fakes that users' tests stand on: what they answer, what they remember, how they misbehave on demand."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import Any

import pytest

from connectors.contract import Call, Connector, Event, Operation, Publishes, Reply, Streams
from connectors.direct import Direct
from connectors.endpoint import Batch, Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import (
    DefinitionError,
    UpstreamError,
    UpstreamNotFound,
    UpstreamTimeout,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.rest.endpoints import rest
from connectors.testing import Fake, Fakes, Feed, ManualClock, Slow, text_of_call
from tests.connectors.conformance import in_time
from tests.waiting import GENEROUS

catalog = rest("catalog")
products = catalog.get("/products?category={category}", at="items")
product = catalog.get("/products/{id}", many="/products?id={id}", key="id")
price = Endpoint(
    Operation(upstream="pricing", name="shop.Pricing/GetPrices"),
    {"sku": True},
    at="prices",
    batch=Batch(parameter="sku", key=("sku",)),
    has_single_form=False,
)
ticks = StreamEndpoint(Operation(upstream="ticker", name="ticks"), {"sku": True}, at="data")
placed = PublishEndpoint(Operation(upstream="orders", name="orders.placed", is_safe=False), {"shop": False})


@pytest.fixture
def up() -> Fakes:
    return Fakes("catalog", "pricing", "ticker", "orders")


def asked(name: str, **more: Any) -> Call:
    return Call(operation=Operation(upstream="any", name=name), **more)


def test_a_fake_is_a_whole_connector() -> None:
    """It can stand wherever a connector stands."""
    fake = Fake("any")
    assert isinstance(fake, Connector)
    assert isinstance(fake, Streams)
    assert isinstance(fake, Publishes)


async def test_the_first_example_of_the_module(up: Fakes) -> None:
    """What its docstring promises."""
    up.catalog["/products"] = [{"id": 1, "title": "Tin robot"}]
    up.pricing["GetPrices"] = UpstreamTimeout
    async with Direct(up):
        assert (await products(category="toys")).data == [{"id": 1, "title": "Tin robot"}]
        with pytest.raises(UpstreamTimeout):
            await price(sku="T-1")
    assert up.calls == ["catalog: GET /products", "pricing: GetPrices x1"]
    assert up.catalog.received[0].arguments == {"category": "toys"}


def test_calls_have_short_texts() -> None:
    """What tests compare."""
    assert text_of_call(asked("GET /products/{id}")) == "GET /products/{id}"
    assert text_of_call(asked("shop.Pricing/GetPrices", keys=tuple(range(40)))) == "GetPrices x40"
    assert text_of_call(asked("orders.placed")) == "orders.placed"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("GET /products/{id}", "by whole name"),
        ("POST /products/{id}", "by path"),
        ("GET /products/{id}/reviews", "by path"),
        ("GET /products", "by beginning"),
        ("GET /products/top", "by beginning"),
        ("shop.Pricing/GetPrices", "by last part"),
        ("shop.Pricing/GetPrice", "by whole rpc"),
    ],
)
async def test_the_most_exact_answer_wins(name: str, answer: str) -> None:
    """Set by whole name, path, beginning of a path, or last part."""
    fake = Fake("any")
    fake["/products"] = "by beginning"
    fake["/products/{id}"] = "by path"
    fake["GET /products/{id}"] = "by whole name"
    fake["GetPrices"] = "by last part"
    fake["shop.Pricing/GetPrice"] = "by whole rpc"
    assert (await fake.send(asked(name))).data == answer


async def test_a_beginning_ends_at_a_slash() -> None:
    """/products is no beginning of /productsets."""
    fake = Fake("any")
    fake["/products"] = []
    with pytest.raises(DefinitionError, match="GET /productsets"):
        await fake.send(asked("GET /productsets"))


async def test_a_call_without_an_answer_says_what_to_set(up: Fakes) -> None:
    """A test that forgot an answer is told so, with the line to write."""
    up.catalog["/categories"] = []
    async with Direct(up):
        with pytest.raises(DefinitionError, match=r"catalog\['GET /products'\] = .*'/categories'"):
            await products(category="toys")


async def test_data_by_endpoint_is_the_part_that_matters(up: Fakes) -> None:
    """Put where the endpoint's `at` looks for it, alone and in a batch."""
    up.catalog[products] = [1, 2]
    up.pricing[price] = [{"sku": "T-1", "now": 5}]
    async with Direct(up):
        assert (await products(category="toys")).data == [1, 2]
        assert (await price(sku="T-1")).data == {"sku": "T-1", "now": 5}


async def test_data_by_name_is_the_whole_reply(up: Fakes) -> None:
    """As the upstream sends it."""
    up.catalog["/products"] = {"items": [1], "total": 1}
    up.pricing["GetPrices"] = {"prices": [{"sku": "T-1", "now": 5}]}
    async with Direct(up):
        assert (await products(category="toys")).data == [1]
        assert (await price(sku="T-1")).data == {"sku": "T-1", "now": 5}


@pytest.mark.parametrize("failure", [UpstreamNotFound, UpstreamNotFound(asked("x").operation, "gone")])
async def test_failures_are_raised(failure: Any) -> None:
    """As a class, which is given the call's operation, or as an instance."""
    fake = Fake("any")
    fake["x"] = failure
    with pytest.raises(UpstreamNotFound) as caught:
        await fake.send(asked("x"))
    assert caught.value.operation.name == "x"
    assert fake.calls == ["x"]


async def test_an_answer_can_be_made_from_the_call() -> None:
    """By a function or a coroutine; what it returns is an answer again."""
    fake = Fake("any")

    async def later(call: Call) -> Any:
        return UpstreamUnavailable if call.arguments["id"] == 0 else {"id": call.arguments["id"]}

    fake["now"] = lambda call: [{"id": key} for key in call.keys]
    fake["later"] = later
    assert (await fake.send(asked("now", keys=(1, 2)))).data == [{"id": 1}, {"id": 2}]
    assert (await fake.send(asked("later", arguments={"id": 7}))).data == {"id": 7}
    with pytest.raises(UpstreamUnavailable):
        await fake.send(asked("later", arguments={"id": 0}))


async def test_a_reply_is_given_anew_each_time() -> None:
    """What one caller does to it is not seen by the next."""
    fake = Fake("any")
    fake["x"] = Reply({"a": 1}, status=203, headers={"etag": '"1"'})
    first, second = await fake.send(asked("x")), await fake.send(asked("x"))
    first.at = ("a",)
    assert (first.data, second.data, second.status, second.headers) == (1, {"a": 1}, 203, {"etag": '"1"'})


async def test_a_slow_answer_meets_the_deadline() -> None:
    """As it would in truth."""
    fake = Fake("any")
    fake["x"] = Slow("late", 0.05)
    assert (await fake.send(asked("x"))).data == "late"
    fake["x"] = Slow("never", 60)
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await fake.send(in_time(asked("x"), 0.05))
    assert time.monotonic() - began < GENEROUS


@pytest.mark.parametrize("what", ["down", "closed"])
async def test_a_fake_that_is_down_is_unreachable(what: str) -> None:
    """For calls, streams, messages and checks; starting it again opens what was closed."""
    fake = Fake("any")
    fake["x"] = []
    if what == "down":
        fake.is_down = True
    else:
        await fake.close()
    with pytest.raises(UpstreamUnreachable):
        await fake.send(asked("x"))
    with pytest.raises(UpstreamUnreachable):
        await anext(fake.stream(asked("x")))
    with pytest.raises(UpstreamUnreachable):
        await fake.publish(asked("x"))
    with pytest.raises(UpstreamUnreachable):
        await fake.check()
    assert fake.published == []
    fake.is_down = False
    await fake.start()
    assert await fake.check() is None


async def test_a_stream_is_answered_with_events(up: Fakes) -> None:
    """Data, Events and failures, in order; then it ends."""
    up.ticker["ticks"] = [{"data": 1}, Event(data={"data": 2}, topic="T-1"), UpstreamUnavailable]
    seen: list[Any] = []

    async def watch() -> None:
        async for event in ticks(sku="T-1"):
            seen.append(event.data)

    async with Direct(up):
        with pytest.raises(UpstreamUnavailable):
            await watch()
    assert seen == [1, 2]
    assert up.calls == ["ticker: ticks"]


async def test_a_feed_pushes_to_every_open_stream(up: Fakes) -> None:
    """Events as the test makes them up; a closed stream is no listener any more."""
    feed = Feed()
    up.ticker[ticks] = feed
    async with Direct(up), aclosing(ticks(sku="a")) as one, aclosing(ticks(sku="b")) as two:
        first, second = asyncio.ensure_future(anext(one)), asyncio.ensure_future(anext(two))
        await feed.joined.wait()
        await asyncio.sleep(0)
        assert (feed.listeners, up.ticker.open_streams) == (2, 2)
        feed.push(5)
        assert [(await first).data, (await second).data] == [5, 5]
        await one.aclose()
        assert (feed.listeners, up.ticker.open_streams) == (1, 1)
        feed.end()
        assert [event async for event in two] == []
    assert up.ticker.open_streams == 0


async def test_messages_are_remembered(up: Fakes) -> None:
    """With key, headers and the topic's parameters; no answer is needed."""
    async with Direct(up):
        await placed({"id": "o-1"}, key="o-1", headers={"x-a": "1"}, shop="berlin")
    (message,) = up.orders.published
    assert (message.name, message.message, message.key) == ("orders.placed", {"id": "o-1"}, "o-1")
    assert (message.headers, message.arguments) == ({"x-a": "1"}, {"shop": "berlin"})


async def test_a_message_can_be_refused(up: Fakes) -> None:
    """An exception as answer is the broker's refusal."""
    up.orders["orders.placed"] = UpstreamUnavailable
    async with Direct(up):
        with pytest.raises(UpstreamUnavailable):
            await placed({"id": "o-1"})
    assert up.orders.published == []


def test_a_fake_that_does_not_exist_is_named(up: Fakes) -> None:
    """With those that do."""
    with pytest.raises(AttributeError, match="catalog, pricing"):
        _ = up.catalogue
    assert dict(up)["catalog"] is up.catalog
    assert len(up) == 4


async def test_the_clock_moves_by_hand() -> None:
    """Sleepers wake in the order of their time, and see that time."""
    clock = ManualClock(100)
    seen: list[tuple[str, float]] = []

    async def nap(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        seen.append((name, clock.now()))

    async with asyncio.TaskGroup() as naps:
        for name, seconds in (("long", 5), ("short", 1), ("none", 0)):
            naps.create_task(nap(name, seconds))
        await clock.advance(0.5)
        assert seen == [("none", 100)]
        await clock.advance(10)
    assert seen == [("none", 100), ("short", 101), ("long", 105)]
    assert clock.now() == 110.5


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    """It does not stop the clock."""
    clock = ManualClock()
    nap = asyncio.ensure_future(clock.sleep(1))
    await asyncio.sleep(0)
    nap.cancel()
    await clock.advance(2)
    assert clock.now() == 2
    assert nap.cancelled()


def test_every_upstream_error_can_be_an_answer() -> None:
    """Each class can be made from an operation and a detail."""
    for kind in (UpstreamError, *UpstreamError.__subclasses__()):
        assert kind(asked("x").operation, "detail").detail == "detail"


async def test_a_fake_puts_data_where_a_path_through_a_list_finds_it() -> None:
    """One item for each record."""
    up = Fakes("fhir")
    patients = rest("fhir").get("/Patient", at="entry[].resource")
    up.fhir["/Patient"] = [{"id": 1}, {"id": 2}]
    async with Direct(up):
        assert (await patients()).data == [{"id": 1}, {"id": 2}]
