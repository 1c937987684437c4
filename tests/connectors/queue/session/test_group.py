"""A member of a group: it joins again after a lost connection, for as long as the rules say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Call, Operation
from connectors.errors import UpstreamDisconnected, UpstreamUnreachable
from connectors.queue.brokers import Message, Subscription
from connectors.queue.brokers.contract import BrokerDisconnected, BrokerError, BrokerUnreachable
from connectors.queue.errors import translate_error
from connectors.queue.session.group import GroupMember
from connectors.streams.reconnect import Reconnect

CALL = Call(operation=Operation(upstream="orders", name="subscribe"))


class Scripted(Subscription):
    """Messages and errors in a given order, then the end."""

    def __init__(self, *steps: Message | BrokerError) -> None:
        super().__init__()
        self.steps = list(steps)
        self.is_closed = False

    async def _receive(self) -> Message:
        if not self.steps:
            raise StopAsyncIteration
        step = self.steps.pop(0)
        if isinstance(step, BrokerError):
            raise step
        return step

    async def _unsubscribe(self) -> None:
        self.is_closed = True


class FakeBroker:
    """Hands out subscriptions, or raises, in a given order."""

    def __init__(self, *results: Subscription | BrokerError) -> None:
        self.results = list(results)

    async def subscribe(self, topic: str, **options: Any) -> Subscription:
        result = self.results.pop(0)
        if isinstance(result, BrokerError):
            raise result
        return result


@asynccontextmanager
async def translate(call: Call, late: str) -> AsyncIterator[None]:
    try:
        yield
    except BrokerError as error:
        raise translate_error(call.operation, error) from error


def member(broker: FakeBroker, *, is_closed: bool = False, give_up_after: float = 30.0) -> GroupMember:
    return GroupMember(
        broker,  # type: ignore[arg-type]
        "topic",
        "group",
        durable=False,
        rules=Reconnect(initial_delay=0.001, max_delay=0.001, give_up_after=give_up_after),
        translate_errors=translate,
        is_closed=lambda: is_closed,
        clock=SYSTEM_CLOCK,
    )


def message(body: bytes) -> Message:
    return Message(topic="topic", body=body)


async def test_it_joins_again_after_a_lost_connection() -> None:
    """The lost subscription is closed, failures in between are passed over."""
    first, second = Scripted(message(b"1"), BrokerDisconnected("lost")), Scripted(message(b"2"))
    reader = member(FakeBroker(first, BrokerUnreachable("down"), second))
    await reader.join(CALL)
    assert [(await reader.read(CALL)).body for _ in range(2)] == [b"1", b"2"]
    assert first.is_closed
    await reader.leave()
    assert second.is_closed


@pytest.mark.parametrize("options", [{"is_closed": True}, {"give_up_after": 0.0}], ids=["closed", "hopeless"])
async def test_it_gives_up(options: dict[str, Any]) -> None:
    """When the connector is closed, or when the rules say so."""
    reader = member(FakeBroker(Scripted(BrokerDisconnected("lost")), BrokerUnreachable("down")), **options)
    await reader.join(CALL)
    with pytest.raises(UpstreamUnreachable):
        await reader.read(CALL)


async def test_the_end_of_the_broker_is_the_end_of_the_member() -> None:
    """It is told as a closed connector."""
    reader = member(FakeBroker(Scripted()))
    await reader.join(CALL)
    with pytest.raises(UpstreamDisconnected, match="the connector was closed"):
        await reader.read(CALL)
