"""Single flight: who may join whom, and who may end what."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from bff.policies.outbound.deadline import deadline
from bff.policies.outbound.share import share
from connectors.aio.clock import SYSTEM_CLOCK
from connectors.contract import Selection
from connectors.errors import UpstreamFailed, UpstreamTimeout
from tests.bff.policies.outbound.world import WRITE, Upstream, call, http, settle


class World:
    def __init__(self, *answers) -> None:
        self.gate = asyncio.Event()
        self.upstream = Upstream(*answers, gate=self.gate)
        self._send = share(SYSTEM_CLOCK)(deadline(60.0, SYSTEM_CLOCK)(self.upstream.send))

    async def begin(self, *calls):
        tasks = [asyncio.create_task(self._send(each)) for each in calls]
        await settle()
        return tasks

    async def answer(self, tasks):
        self.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_same_call_is_made_once() -> None:
    """Three who ask the same while it is under way get one answer, each a reply of its own."""
    world = World(http(b'{"a": 1}'))
    replies = await world.answer(await world.begin(call(), call(), call()))
    assert [reply.payload for reply in replies] == [b'{"a": 1}'] * 3
    assert len({id(reply) for reply in replies}) == 3
    assert len(world.upstream.calls) == 1


async def test_what_is_over_is_not_joined() -> None:
    """Sharing is no cache."""
    world = World()
    await world.answer(await world.begin(call()))
    await world.answer(await world.begin(call()))
    assert len(world.upstream.calls) == 2


@pytest.mark.parametrize(
    "other",
    [
        call(id=2),
        call(id=True),
        call(id="1"),
        call(keys=(1,)),
        call(selection=Selection((("name", None),))),
        call(headers={"authorization": "Bearer b"}),
        call(operation=replace(call().operation)),
    ],
    ids=["argument", "boolean", "text", "keys", "selection", "identity", "operation"],
)
async def test_nobody_joins_what_differs_in_anything(other) -> None:
    """Whatever can influence the answer keeps calls apart."""
    world = World()
    await world.answer(await world.begin(call(), other))
    assert len(world.upstream.calls) == 2


async def test_nobody_gets_the_answer_of_somebody_else() -> None:
    """Two users ask the same at once: each call goes out with the user's own header."""
    gate = asyncio.Event()

    async def who(sent):
        await gate.wait()
        return http(sent.headers["authorization"].encode())

    send = share(SYSTEM_CLOCK)(who)
    tasks = [asyncio.create_task(send(call(headers={"authorization": name}))) for name in "abab"]
    await settle()
    gate.set()
    assert [reply.payload for reply in await asyncio.gather(*tasks)] == [b"a", b"b", b"a", b"b"]


async def test_tracing_does_not_keep_calls_apart() -> None:
    """Headers that only name the request are no part of an identity."""
    world = World()
    await world.answer(await world.begin(call(headers={"x-request-id": "1"}), call(headers={"x-request-id": "2"})))
    assert len(world.upstream.calls) == 1


async def test_unsafe_calls_are_never_shared() -> None:
    """Two orders are two orders."""
    world = World()
    await world.answer(await world.begin(call(WRITE), call(WRITE)))
    assert len(world.upstream.calls) == 2


async def test_a_failure_is_shared_too() -> None:
    """All who joined get the error."""
    world = World(UpstreamFailed)
    outcomes = await world.answer(await world.begin(call(), call()))
    assert [type(each) for each in outcomes] == [UpstreamFailed] * 2
    assert len(world.upstream.calls) == 1


async def test_the_first_may_leave_without_taking_the_others_along() -> None:
    """The one who made the call is cancelled; those who joined make it once more, and get the answer."""
    world = World(http(b"1"))
    first, second, third = await world.begin(call(), call(), call())
    first.cancel()
    await settle()
    assert (world.upstream.cancelled, len(world.upstream.calls)) == (1, 2)
    world.gate.set()
    assert [(await each).payload for each in (second, third)] == [b"1", b"1"]
    assert first.cancelled()


async def test_the_last_to_leave_ends_the_call() -> None:
    """When nobody waits any more, cancellation has reached the upstream before the last caller is done."""
    world = World()
    first, second = await world.begin(call(), call())
    first.cancel()
    second.cancel()
    await asyncio.wait([first, second])
    assert world.upstream.cancelled == 1
    assert world.upstream.busy == 0


async def test_a_newcomer_does_not_join_a_call_that_is_ending() -> None:
    """It gets a call of its own."""
    world = World(http(b"1"))
    (first,) = await world.begin(call())
    first.cancel()
    (second,) = await world.begin(call())
    world.gate.set()
    assert (await second).payload == b"1"


async def test_each_keeps_its_own_deadline() -> None:
    """The first one has little time; it times out, and the other makes the call again."""
    world = World(http(b"1"))
    hurried, patient = await world.begin(call(deadline=time.monotonic() + 0.02), call(deadline=time.monotonic() + 60))
    with pytest.raises(UpstreamTimeout):
        await hurried
    await settle()
    assert (world.upstream.cancelled, len(world.upstream.calls)) == (1, 2)
    world.gate.set()
    assert (await patient).payload == b"1"


async def test_nothing_is_sent_after_the_deadline() -> None:
    """As for an unshared call."""
    world = World()
    (task,) = await world.begin(call(deadline=time.monotonic() - 1))
    with pytest.raises(UpstreamTimeout):
        await task
    assert world.upstream.calls == []
