"""The scope of a request: few calls, bounded, none that outlives it, nobody else's data."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiodataloader import DataLoader

from bff.contract import Refused
from bff.loading.scope import RequestScope
from bff.policies.outbound.identity import freeze
from connectors.contract import Call, Reply
from connectors.endpoint import Endpoint
from connectors.errors import DefinitionError, UpstreamFailed
from tests.bff.fakes import FakeUpstream, batched, endpoint
from tests.waiting import GENEROUS, time_limit

by_id = batched("shop: by id")
single_or_many = batched("shop: product", single=True)


def records(call: Call) -> Any:
    return [{"id": key} for key in call.keys] if call.keys else {"id": call.arguments["id"], "single": True}


async def test_asks_of_one_moment_are_one_call_without_duplicates() -> None:
    """Three asks for two ids are one call with two keys, dealt back in place."""
    shop = FakeUpstream(records)
    scope = RequestScope({"shop": shop})
    replies = await asyncio.gather(*(scope.load(by_id, {"id": id}, None) for id in ("a", "b", "a")))
    assert [reply.data for reply in replies] == [{"id": "a"}, {"id": "b"}, {"id": "a"}]
    assert [call.keys for call in shop.calls] == [("a", "b")]


async def test_one_key_uses_the_single_form() -> None:
    """`/products/{id}` is asked for when there is only one."""
    scope = RequestScope({"shop": FakeUpstream(records)})
    assert (await scope.load(single_or_many, {"id": "a"}, None)).data == {"id": "a", "single": True}


async def test_many_keys_are_cut_into_calls_of_the_limit() -> None:
    """A batch never carries more keys than its upstream takes."""
    shop = FakeUpstream(records)
    small = batched("shop: small", limit=40)
    scope = RequestScope({"shop": shop})
    await asyncio.gather(*(scope.load(small, {"id": id}, None) for id in range(100)))
    assert sorted(len(call.keys) for call in shop.calls) == [20, 40, 40]


async def test_other_arguments_keep_batches_apart() -> None:
    """Prices in EUR and in USD are two calls."""
    shop = FakeUpstream(records)
    priced = endpoint("shop: price", {"id": True, "currency": True}, batch=by_id.batch, has_single_form=False)
    scope = RequestScope({"shop": shop})
    await asyncio.gather(*(scope.load(priced, {"id": 1, "currency": code}, None) for code in ("EUR", "USD", "EUR")))
    assert [call.arguments for call in shop.calls] == [{"currency": "EUR"}, {"currency": "USD"}]


async def test_a_key_that_is_not_there_is_null_or_an_empty_list() -> None:
    """What the upstream does not know is not an error."""
    scope = RequestScope({"shop": FakeUpstream(lambda call: [])})
    grouped = batched("shop: grouped", group=True)
    assert (await scope.load(by_id, {"id": "a"}, None)).data is None
    assert (await scope.load(grouped, {"id": "a"}, None)).data == []


async def test_one_waiter_that_leaves_takes_nothing_from_the_others() -> None:
    """A timed-out field does not cancel the batch that others wait for, nor spoil the key."""
    scope = RequestScope({"shop": FakeUpstream(records, delay=0.05)})
    patient = asyncio.create_task(scope.load(by_id, {"id": "a"}, None))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await scope.load(by_id, {"id": "a"}, None)
    assert (await patient).data == {"id": "a"}
    assert (await scope.load(by_id, {"id": "a"}, None)).data == {"id": "a"}


@pytest.mark.parametrize("asked", [endpoint("shop: one"), by_id], ids=["alone", "batched"])
async def test_when_the_first_one_leaves_another_asks_anew(asked: Endpoint) -> None:
    """The call is made in the task of whoever asked first, and ends with it; those who wait for it lose nothing."""
    shop = FakeUpstream(lambda call: records(call) if call.keys else "one", delay=0.05)
    scope = RequestScope({"shop": shop})

    def ask() -> asyncio.Future[Any]:
        if asked.batch is None:
            return asyncio.ensure_future(scope.load(asked, {}, None))
        return asyncio.ensure_future(scope.load_many(asked, {}, ["a", "b"], None))

    first, *others = ask(), ask(), ask()
    await asyncio.sleep(0.01)
    first.cancel()
    one, two = await asyncio.gather(*others)
    told = [[reply.data for reply in each] if isinstance(each, list) else each.data for each in (one, two)]
    assert told == ["one"] * 2 if asked.batch is None else [[{"id": "a"}, {"id": "b"}]] * 2
    assert (len(shop.calls), shop.cancelled) == (2, 1)


@pytest.mark.parametrize("turns", range(4))
async def test_whoever_leaves_while_keys_are_gathered_takes_no_key_along(turns: int) -> None:
    """Also before the call was made."""
    shop = FakeUpstream(records)
    scope = RequestScope({"shop": shop})
    first = asyncio.ensure_future(scope.load_many(by_id, {}, ["a", "b"], None))
    other = asyncio.ensure_future(scope.load_many(by_id, {}, ["b", "c"], None))
    for _ in range(turns):
        await asyncio.sleep(0)
    first.cancel()
    assert [reply.data for reply in await other if isinstance(reply, Reply)] == [{"id": "b"}, {"id": "c"}]
    assert [reply.data for reply in await scope.load_many(by_id, {}, ["a"], None) if isinstance(reply, Reply)] == [
        {"id": "a"}
    ]


async def test_closing_reaches_a_call_in_a_task_that_was_left_behind() -> None:
    """A resolver that starts a task and does not wait for it has nothing run on after the answer."""
    shop = FakeUpstream(lambda call: "one", delay=3600)
    scope = RequestScope({"shop": shop})
    one, change = endpoint("shop: one"), endpoint("shop: change", safe=False)
    asked: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(scope.load(one, {}, None)),
        asyncio.ensure_future(scope.load(change, {}, None)),
        asyncio.ensure_future(scope.load_many(by_id, {}, ["a"], None)),
    ]
    await asyncio.sleep(0.01)
    await scope.close()
    assert (len(shop.calls), shop.cancelled) == (3, 3)
    async with time_limit():
        await asyncio.wait(asked)
    assert all(each.cancelled() for each in asked)


async def test_closing_cancels_every_call() -> None:
    """Nothing outlives the answer."""
    shop = FakeUpstream(records, delay=3600)
    scope = RequestScope({"shop": shop})
    loads = [asyncio.create_task(scope.load(by_id, {"id": id}, None)) for id in "ab"]
    await asyncio.sleep(0.01)
    for load in loads:
        load.cancel()
    began = time.monotonic()
    await scope.close()
    await asyncio.gather(*loads, return_exceptions=True)
    assert shop.cancelled == 1
    assert time.monotonic() - began < GENEROUS


async def test_a_failed_batch_fails_each_of_its_keys() -> None:
    """And a field that fails alone raises the same coded error."""
    scope = RequestScope({"shop": FakeUpstream(lambda call: UpstreamFailed(call.operation, "boom"))})
    results = await asyncio.gather(*(scope.load(by_id, {"id": id}, None) for id in "ab"), return_exceptions=True)
    assert [type(result) for result in results] == [UpstreamFailed, UpstreamFailed]


async def test_unsafe_calls_are_never_shared() -> None:
    """Ordering the same thing twice orders two."""
    shop = FakeUpstream(lambda call: "ok")
    scope = RequestScope({"shop": shop})
    order = endpoint("shop: order", {"sku": True}, safe=False)
    await asyncio.gather(*(scope.load(order, {"sku": "a"}, None) for _ in range(2)))
    assert len(shop.calls) == 2


async def test_too_many_calls_are_refused_with_the_limit() -> None:
    """The code and the number are for the frontend's developer."""
    scope = RequestScope({"shop": FakeUpstream(lambda call: Reply(1))}, max_calls=2)
    one = endpoint("shop: one", {"n": True})
    results = await asyncio.gather(*(scope.load(one, {"n": n}, None) for n in range(3)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refused)]
    assert [refusal.code for refusal in refused] == ["TOO_MANY_CALLS"]
    assert "2 service calls" in refused[0].message


async def test_calls_carry_the_deadline_and_the_incoming_headers() -> None:
    """Every upstream call knows when its answer is of no more use, and on whose behalf it is made."""
    shop = FakeUpstream(records)
    scope = RequestScope({"shop": shop}, incoming={"authorization": "Bearer x"}, deadline=123.0)
    await scope.load(by_id, {"id": "a"}, None)
    assert shop.calls[0].deadline == 123.0
    assert shop.calls[0].incoming == {"authorization": "Bearer x"}


async def test_an_unconfigured_upstream_is_told_by_name() -> None:
    """The message says what bff.yaml has."""
    scope = RequestScope({"shop": FakeUpstream(records)})
    with pytest.raises(DefinitionError, match=r'no upstream "store" is configured; bff.yaml has shop'):
        await scope.load(endpoint("store: x"), {}, None)


def test_frozen_tells_types_and_order_apart() -> None:
    """1 and True, 1 and "1" are different arguments; the order of a mapping's keys is not."""
    assert len({freeze(value) for value in (1, True, "1", 1.0)}) == 4
    assert freeze({"a": [1], "b": {"c": 2}}) == freeze({"b": {"c": 2}, "a": [1]})
    assert freeze([1, 2]) != freeze([2, 1])


async def test_who_asks_after_the_end_is_told() -> None:
    """A task that a resolver left behind makes no call on behalf of a request that is over."""
    shop = FakeUpstream(records)
    scope = RequestScope({"shop": shop})
    await scope.close()
    with pytest.raises(DefinitionError, match="after its request had ended"):
        await scope.load(by_id, {"id": "a"}, None)
    assert shop.calls == []


@pytest.mark.parametrize("is_alone", [True, False])
async def test_who_is_alone_waits_for_nobody(is_alone: bool) -> None:
    """The call is under way before anybody else has had a turn; what is asked later joins it all the same."""
    shop = FakeUpstream(records)
    scope = RequestScope({"shop": shop})
    asks = (scope.load_set(by_id, {}, keys, None, is_alone=is_alone) for keys in (("a", "b"), ("b",)))
    (first,), (second,) = await asyncio.gather(*asks)
    assert first is second
    assert [call.keys for call in shop.calls] == [("a", "b")]
    sent: list[int] = []
    asyncio.get_running_loop().call_soon(lambda: sent.append(len(shop.calls)))
    await scope.load_set(by_id, {}, ("c",), None, is_alone=is_alone)
    assert sent == [1 + is_alone]


async def test_keys_are_collected_once() -> None:
    """What the data loader has collected is sent at once: it does not wait for another round of the event loop."""

    async def count_rounds(load: Callable[[], Awaitable[Any]], is_sent: Callable[[], object]) -> int:
        loading = asyncio.ensure_future(load())
        rounds = 0
        while not is_sent():
            await asyncio.sleep(0)
            rounds += 1
        await loading
        return rounds

    sent: list[Any] = []

    async def note(keys: list[Any]) -> list[Any]:
        sent.append(keys)
        return keys

    shop = FakeUpstream(records)
    scope, loader = RequestScope({"shop": shop}), DataLoader(note)

    async def load_without_scope() -> Any:
        return await loader.load("a")

    alone = await count_rounds(load_without_scope, lambda: sent)
    assert await count_rounds(lambda: scope.load(by_id, {"id": "a"}, None), lambda: shop.calls) == alone
