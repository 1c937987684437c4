"""One upstream: its policies are around calls and messages, its headers on streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bff.policies.outbound.breaker import CircuitOpen
from bff.policies.outbound.options import Options
from bff.upstreams import Upstreams
from connectors.contract import Call, Event, Operation, Reply
from connectors.errors import DefinitionError, UpstreamTimeout, UpstreamUnavailable

READ = Operation(upstream="shop", name="read")
WRITE = Operation(upstream="shop", name="write", is_safe=False, is_idempotent=False)


class Plain:
    """A connector that can only be called."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.fails = False

    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def check(self) -> None: ...

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        if self.fails:
            raise UpstreamUnavailable(call.operation, "down")
        return Reply("sent")


class Full(Plain):
    """One with streams and messages too."""

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        self.calls.append(call)
        yield Event(data=1)
        yield Event(data=2)

    async def publish(self, call: Call) -> None:
        await self.send(call)


def upstream(connector, **policies):
    return Upstreams.with_connectors({"shop": connector}, Options.model_validate(policies))["shop"]


async def test_calls_go_through_the_policies() -> None:
    """The call has the deadline of `timeout` and the headers of `forward` when it arrives."""
    connector = Full()
    reply = await upstream(connector, forward=["x-tenant"]).send(Call(operation=READ, incoming={"x-tenant": "7"}))
    assert reply.payload == "sent"
    assert connector.calls[0].headers == {"x-tenant": "7"}
    assert connector.calls[0].deadline is not None


async def test_messages_go_through_the_policies_that_fit_them() -> None:
    """Two equal messages at once are two messages, even where the endpoint's author forgot that they are not safe."""
    connector = Full()
    shop = upstream(connector, headers={"x-key": "k"}, cache="http", retry=3)
    await asyncio.gather(*(shop.publish(Call(operation=READ)) for _ in range(2)))
    assert len(connector.calls) == 2
    assert connector.calls[0].headers == {"x-key": "k"}
    assert connector.calls[0].deadline is not None


async def test_calls_and_messages_share_one_breaker() -> None:
    """They go to the same system."""
    connector = Full()
    connector.fails = True
    shop = upstream(connector, breaker={"consecutive_failures": 2})
    with pytest.raises(UpstreamUnavailable):
        await shop.send(Call(operation=READ))
    with pytest.raises(UpstreamUnavailable):
        await shop.publish(Call(operation=WRITE))
    with pytest.raises(CircuitOpen):
        await shop.publish(Call(operation=WRITE))


async def test_streams_get_the_headers() -> None:
    """And no deadline: a subscription may last."""
    connector = Full()
    shop = upstream(connector, forward=["x-tenant"])
    events = [event.data async for event in shop.stream(Call(operation=READ, incoming={"x-tenant": "7"}))]
    assert events == [1, 2]
    assert connector.calls[0].headers == {"x-tenant": "7"}
    assert connector.calls[0].deadline is None


async def test_what_a_kind_cannot_do_is_the_developers_mistake() -> None:
    """The message names the upstream."""
    shop = upstream(Plain())
    with pytest.raises(DefinitionError, match=r"shop .* has no streams"):
        shop.stream(Call(operation=READ))
    with pytest.raises(DefinitionError, match=r"shop .* takes no messages"):
        await shop.publish(Call(operation=WRITE))


async def test_only_a_connector_that_says_so_is_trusted_with_the_deadline() -> None:
    """All others are ended from outside."""

    class Slow(Plain):
        async def send(self, call: Call) -> Reply:
            await asyncio.sleep(0.1)
            return Reply("late")

    class Keeping(Slow):
        keeps_deadlines = True

    upstreams = Upstreams.with_connectors({"slow": Slow(), "keeping": Keeping()}, Options(timeout=0.02))
    with pytest.raises(UpstreamTimeout):
        await upstreams["slow"].send(Call(operation=READ))
    assert (await upstreams["keeping"].send(Call(operation=READ))).data == "late"
