"""The window: batches of several requests that become one call, over real sockets."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bff.loading.scope import RequestScope
from bff.loading.window import Windows
from connectors.contract import Call
from connectors.errors import UpstreamFailed, UpstreamReplyTooLarge, UpstreamTimeout
from tests.bff.fakes import FakeUpstream, batched
from tests.bff.sharing import World, sharing_world
from tests.waiting import idle, settle, time_limit, until

ITEMS = "query ($ids: [Int!]!) { items(ids: $ids) { id seen } }"
WINDOW = 0.6
"""Long enough for requests that are sent at one moment, whatever else the machine does."""


async def _ask(world: World, *ids: int, **headers: str) -> Any:
    answer = await world.ask(ITEMS, variables={"ids": ids}, headers=headers)
    return [each["id"] for each in answer["data"]["items"]]


def _keys(world: World) -> list[list[str]]:
    return [parse_qs(urlsplit(asked.split()[1]).query).get("id", []) for asked in world.upstream.asked]


async def test_batches_of_several_requests_are_one_call() -> None:
    """Each key is asked for once, and everybody gets their own, in their order."""
    async with sharing_world(window=WINDOW) as world:
        assert await asyncio.gather(_ask(world, 1, 2), _ask(world, 3, 2), _ask(world, 4, 5)) == [[1, 2], [3, 2], [4, 5]]
        assert sorted(map(sorted, _keys(world))) == [["1", "2", "3", "4", "5"]]


async def test_without_a_window_each_asks_for_itself() -> None:
    """It is off unless bff.yaml says otherwise."""
    async with sharing_world() as world:
        await asyncio.gather(_ask(world, 1, 2), _ask(world, 3, 4))
        assert len(world.upstream.asked) == 2


async def test_identities_never_meet_in_a_batch() -> None:
    """What the upstream is sent of the caller tells windows apart; what it is not sent does not."""
    async with sharing_world(window=WINDOW) as world:
        await asyncio.gather(
            _ask(world, 1, 2, authorization="ada"),
            _ask(world, 3, 4, authorization="eve"),
            _ask(world, 5, 6, authorization="eve", **{"x-color": "red"}),
        )
        assert sorted(sorted(keys) for keys in _keys(world)) == [["1", "2"], ["3", "4", "5", "6"]]


async def test_a_single_key_is_sent_in_the_single_form() -> None:
    """Where nobody joined, or all ask for the same one."""
    async with sharing_world(window=WINDOW) as world:
        assert await asyncio.gather(_ask(world, 7), _ask(world, 7, **{"x-color": "red"})) == [[7], [7]]
        assert world.upstream.asked == ["GET /items/7"]


async def test_who_hangs_up_takes_nobody_along() -> None:
    """The others get their keys; when all have left, the call ends."""
    async with sharing_world(window=WINDOW) as world:
        world.upstream.holds = asyncio.Event()
        asks = [asyncio.create_task(_ask(world, number, number + 10)) for number in range(3)]
        await until(lambda: world.upstream.asked)
        asks[0].cancel()
        await idle()
        world.upstream.holds.set()
        assert (await asyncio.gather(*asks, return_exceptions=True))[1:] == [[1, 11], [2, 12]]
        assert world.upstream.gone == 0
        world.upstream.holds = asyncio.Event()
        asks = [asyncio.create_task(_ask(world, number, number + 10)) for number in range(3)]
        await until(lambda: len(world.upstream.asked) == 2)
        for ask in asks:
            ask.cancel()
        await until(lambda: world.upstream.gone)


price = batched("shop: price", limit=3)


def _prices(call: Call) -> Any:
    return [{"id": key, "price": key * 10, "tags": []} for key in call.keys if key != 9]


class Fakes:
    """Several requests in front of an upstream with a window."""

    def __init__(self, answer: Any = _prices, **options: Any) -> None:
        self.shop = FakeUpstream(answer, **options)
        self.shop.window = 0.02
        self.windows = Windows()

    def scope(self, **options: Any) -> RequestScope:
        return RequestScope({"shop": self.shop}, windows=self.windows, **options)


async def test_a_full_batch_leaves_at_once_and_no_batch_is_overfull() -> None:
    """`limit` holds for all keys together."""
    world = Fakes()
    scopes = [world.scope() for _ in range(4)]
    lots = [[1, 2], [3], [4, 5], [6, 7]]
    outcomes = await asyncio.gather(
        *(scope.load_many(price, {}, keys, None) for scope, keys in zip(scopes, lots, strict=True))
    )
    assert [[each.data["id"] for each in lot] for lot in outcomes] == lots
    assert [call.keys for call in world.shop.calls] == [(1, 2, 3), (4, 5), (6, 7)]


async def test_a_full_batch_waits_for_nobody() -> None:
    """However long the window is."""
    world = Fakes()
    world.shop.window = 60
    async with time_limit():
        await asyncio.gather(*(world.scope().load_many(price, {}, keys, None) for keys in ([1, 2], [3])))
    assert [call.keys for call in world.shop.calls] == [(1, 2, 3)]


async def test_max_records_holds_for_each_request() -> None:
    """A joint reply that is too long is fetched in its parts, and each request has the limit for itself."""
    world = Fakes()
    world.shop.max_records = 2
    small, large = await asyncio.gather(*(world.scope().load_many(price, {}, keys, None) for keys in ([1, 2], [3])))
    assert [each.data["id"] for each in small + large] == [1, 2, 3]
    outcomes = await world.scope().load_many(price, {}, [1, 2, 3], None)
    assert {type(each) for each in outcomes} == {UpstreamReplyTooLarge}


async def test_nobody_holds_what_another_one_holds() -> None:
    """A resolver that changes a record changes it for its own request alone."""
    world = Fakes()
    one, other = await asyncio.gather(*(world.scope().load_many(price, {}, [1, 2], None) for _ in range(2)))
    one[0].data["tags"].append("mine")
    assert other[0].data == {"id": 1, "price": 10, "tags": []}
    assert len(world.shop.calls) == 1


async def test_each_request_counts_the_call_and_keeps_its_deadline() -> None:
    """The call goes on until the latest deadline; who has less time leaves earlier, and alone."""
    world = Fakes(delay=1)
    now = asyncio.get_running_loop().time()
    hasty, patient = world.scope(deadline=now + 0.5, max_calls=1), world.scope(deadline=now + 60, max_calls=1)
    (late,), (there,) = await asyncio.gather(*(each.load_many(price, {}, [1], None) for each in (hasty, patient)))
    assert isinstance(late, UpstreamTimeout)
    assert there.data["price"] == 10
    assert [call.deadline for call in world.shop.calls] == [now + 60]
    assert (hasty.calls, patient.calls) == (1, 1)


@pytest.mark.parametrize("answer", [lambda call: UpstreamFailed(call.operation, "down"), lambda call: "no list"])
async def test_an_error_of_equal_batches_is_everybodys(answer: Any) -> None:
    """Asking again would give the same; nobody waits for ever."""
    world = Fakes(answer)
    async with time_limit():
        lots = await asyncio.gather(*(world.scope().load_many(price, {}, [7, 8], None) for _ in range(2)))
    assert all(isinstance(each, Exception) for lot in lots for each in lot)
    assert len(world.shop.calls) == 1


@pytest.mark.parametrize("answer", [lambda call: UpstreamFailed(call.operation, "down"), lambda call: "no list"])
async def test_a_joint_call_that_fails_is_sent_again_in_its_parts_once(answer: Any) -> None:
    """Each request has the failure of its own keys only."""
    world = Fakes(lambda call: answer(call) if 2 in call.keys else _prices(call))
    async with time_limit():
        good, bad = await asyncio.gather(*(world.scope().load_many(price, {}, [key, 8], None) for key in (1, 2)))
    assert [each.data["id"] for each in good] == [1, 8]
    assert all(isinstance(each, Exception) for each in bad)
    assert sorted(call.keys for call in world.shop.calls) == [(1, 8), (1, 8, 2), (2, 8)]


async def test_a_part_that_hangs_takes_no_time_of_the_others() -> None:
    """The joint call has half of the upstream's timeout, and each part what is left."""
    now = asyncio.get_running_loop().time()
    world = Fakes()

    async def keep_deadline() -> None:
        call = world.shop.calls[-1]
        if 2 in call.keys and call.deadline is not None:
            await asyncio.sleep(call.deadline - asyncio.get_running_loop().time())
            raise UpstreamTimeout(call.operation, "late")

    world.shop.before, world.shop.timeout = keep_deadline, 1.0
    good, bad = await asyncio.gather(*(world.scope().load_many(price, {}, [key], None) for key in (1, 2)))
    assert good[0].data["id"] == 1
    assert isinstance(bad[0], UpstreamTimeout)
    assert [call.deadline is not None and call.deadline < now + 1.2 for call in world.shop.calls] == [True] * 3


async def test_batches_travel_alone_while_joint_calls_keep_failing() -> None:
    """An upstream that fails has hardly more calls than without a window."""
    world = Fakes(lambda call: UpstreamFailed(call.operation, "down"))
    for _ in range(60):
        await asyncio.gather(*(world.scope().load_many(price, {}, [key], None) for key in (1, 2, 3)))
    joint = [call for call in world.shop.calls if len(call.keys) > 1]
    assert 13 < len(joint) < 40
    assert len(world.shop.calls) - len(joint) == 180


async def test_a_missing_record_is_missing_to_who_asked_for_it() -> None:
    """None for its key, and the others' are there."""
    world = Fakes()
    one, other = await asyncio.gather(
        world.scope().load_many(price, {}, [9], None), world.scope().load_many(price, {}, [1], None)
    )
    assert (one[0].data, other[0].data["id"]) == (None, 1)


async def test_closing_a_request_leaves_the_others_waiting() -> None:
    """Before the window is over and after."""
    world = Fakes(delay=0.05)
    first, second = world.scope(), world.scope()
    asks = [asyncio.create_task(each.load_many(price, {}, [key], None)) for key, each in enumerate((first, second))]
    await settle()
    await first.close()
    assert (await asks[1])[0].data["id"] == 1
    asks[0].cancel()
    assert world.shop.cancelled == 0
