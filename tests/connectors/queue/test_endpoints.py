"""What developers write about queues, how calls fill it, and what bff.yaml may say."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract import Call
from connectors.direct import Direct
from connectors.errors import DefinitionError, UpstreamFailed, UpstreamRateLimited, UpstreamRejected
from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.responder import Refusal
from connectors.queue.connector import QueueConnector, connect
from connectors.queue.endpoints import queue
from connectors.queue.options import Options
from tests.connectors.queue.world import address_of, responding

orders = queue("orders")


@pytest.fixture
def address() -> str:
    return address_of("memory")


@pytest.fixture
async def connector(address: str, broker: Broker):
    connector = connect("orders", Options(address=address, max_backlog=2))
    yield connector
    await connector.close()


def test_endpoints_know_their_parameters_and_names() -> None:
    """Topic and message parameters together; a publication is never repeated."""
    quote = orders.request("quote.{region}", {"weight": "{weight}", "note": "{note?}"}, each=4)
    assert quote.parameters == {"region": True, "weight": True, "note": False}
    assert (quote.name, quote.each, quote.operation.is_safe) == ("orders: request quote.{region}", 4, True)
    assert not orders.request("buy", safe=False).operation.is_idempotent
    assert not orders.publish("x").operation.is_idempotent
    assert orders.subscribe("{a}.*.>", where={"id": "{id}"}).parameters == {"a": True, "id": True}


@pytest.mark.parametrize(
    ("define", "words"),
    [
        (lambda: orders.publish("orders..placed"), '"" in the topic'),
        (lambda: orders.publish("orders.*"), "is not a token"),
        (lambda: orders.request("orders.>"), "is not a token"),
        (lambda: orders.subscribe("orders.>.x"), "or a last >"),
        (lambda: orders.subscribe("or ders"), '"or ders" in the topic'),
        (lambda: orders.subscribe("orders.{id?}"), "cannot be left out"),
        (lambda: orders.subscribe("orders", group="a b"), 'the group "a b"'),
    ],
)
def test_a_mistake_names_its_line(define: Any, words: str) -> None:
    """Found when the file is imported."""
    with pytest.raises(DefinitionError, match=words.replace("*", r"\*")) as caught:
        define()
    assert "test_endpoints.py:" in str(caught.value)


@pytest.mark.parametrize("region", ["*", ">", "eu.secret", "", "a b", "a\r\nPUB x 1", "\x00", None])
async def test_arguments_cannot_reach_other_topics(connector: QueueConnector, region: Any) -> None:
    """A frontend's value is one token or nothing: no wildcard, no dot, no word of the broker's protocol."""
    calls = [
        connector.publish(
            Call(operation=orders.publish("o.{region}").operation, arguments={"region": region, "message": 1})
        ),
        connector.send(Call(operation=orders.request("o.{region}").operation, arguments={"region": region})),
        anext(connector.stream(Call(operation=orders.subscribe("o.{region}").operation, arguments={"region": region}))),
    ]
    for call in calls:
        with pytest.raises(UpstreamRejected, match='the argument "region" cannot be in a topic'):
            await call


async def test_a_request_without_a_message_sends_all_its_arguments(connector: QueueConnector, broker: Broker) -> None:
    """What is not in the topic is the message; an empty answer is null."""

    async def echo(message: Message) -> bytes:
        return message.body if message.topic == "quote.eu" else b""

    anything, nothing = orders.request("quote.{region}"), orders.request("other", at="deep.inside")
    responders = responding(broker, "quote.eu", echo), responding(broker, "other", echo)
    async with responders[0], responders[1], Direct({"orders": connector}):
        assert (await anything(region="eu", weight=3, to={"zip": "1"})).data == {"weight": 3, "to": {"zip": "1"}}
        assert (await nothing()).data is None


async def test_a_template_shapes_the_request(connector: QueueConnector, broker: Broker) -> None:
    """Nested data with typed values; what is optional is left out."""

    async def echo(message: Message) -> bytes:
        return message.body

    quote = orders.request("quote", {"parcel": {"grams": "{weight}"}, "note": "{note?}"}, at="parcel.grams")
    async with responding(broker, "quote", echo), Direct({"orders": connector}):
        assert (await quote(weight=3)).data == 3


async def test_a_responders_code_is_told(connector: QueueConnector, broker: Broker) -> None:
    """UpstreamFailed with the responder's own word, cut to a reasonable length."""

    async def refuse(message: Message) -> bytes:
        raise Refusal("NO_STOCK" + "x" * 100)

    async with responding(broker, "quote", refuse):
        with pytest.raises(UpstreamFailed) as caught:
            await connector.send(Call(operation=orders.request("quote").operation))
    assert caught.value.upstream_code.startswith("NO_STOCK")
    assert len(caught.value.upstream_code) == 64


async def test_bytes_are_published_as_they_are(connector: QueueConnector, broker: Broker) -> None:
    """With a content type that says so; all else is JSON."""
    subscription = await broker.subscribe("raw")
    operation = orders.publish("raw").operation
    for message in (b"\x00\xff", {"a": 1}):
        await connector.publish(Call(operation=operation, arguments={"message": message}))
    got = [await anext(subscription) for _ in range(2)]
    assert [(each.body, each.content_type) for each in got] == [
        (b"\x00\xff", "application/octet-stream"),
        (b'{"a":1}', "application/json"),
    ]
    await subscription.aclose()


async def test_what_is_no_json_is_the_developers_mistake(connector: QueueConnector) -> None:
    """Not an upstream's."""
    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        await connector.publish(Call(operation=orders.publish("x").operation, arguments={"message": object()}))


async def test_a_full_backlog_is_a_rate_limit(connector: QueueConnector, broker: Broker) -> None:
    """Retryable later, and surely nobody has it."""
    consumer = connector.stream(Call(operation=orders.subscribe("work", group="g").operation))
    reading = asyncio.ensure_future(anext(consumer))
    await asyncio.sleep(0)
    operation = orders.publish("work").operation
    for number in range(3):
        await connector.publish(Call(operation=operation, arguments={"message": number}))
        await asyncio.sleep(0)
    with pytest.raises(UpstreamRateLimited):
        await connector.publish(Call(operation=operation, arguments={"message": 4}))
    assert (await reading).data == 0
    await consumer.aclose()


@pytest.mark.parametrize(
    "wrong",
    [{"address": "amqp://x"}, {"buffer": 0}, {"overflow": "explode"}, {"max_backlog": 0}, {"ack_timeout": 3}, {"x": 1}],
)
def test_options_are_checked(wrong: dict[str, Any]) -> None:
    """Before anything runs."""
    with pytest.raises(ValidationError):
        Options.model_validate({"address": "memory://", **wrong})
