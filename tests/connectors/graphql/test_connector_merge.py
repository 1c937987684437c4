"""How calls of one moment find together, apart from any upstream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.contract import Call, Operation, Reply
from connectors.direct import Direct
from connectors.graphql.connector_merge import Merger, Outcome, PreparedCall
from connectors.graphql.endpoints import graphql
from connectors.graphql.schema_facts import Facts
from tests.connectors.calls import call_of, leaves, select
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import Say
from tests.waiting import time_limit

READ = Operation(upstream="shop", name="query product")


def prepared(**headers: str) -> PreparedCall:
    return PreparedCall(Call(operation=READ, headers=headers), Facts({}))


async def test_a_request_that_nobody_waits_for_any_more_is_cancelled() -> None:
    """When the last one leaves, not before."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(group: Sequence[PreparedCall], seconds: float | None) -> list[Outcome]:
        begun.set()
        try:
            return await asyncio.Event().wait()  # type: ignore[return-value]
        finally:
            cancelled.set()

    merger = Merger(hang)
    first, last = (asyncio.ensure_future(merger.send(prepared())) for _ in range(2))
    await begun.wait()
    first.cancel()
    await asyncio.sleep(0.01)
    assert not cancelled.is_set()
    last.cancel()
    async with time_limit():
        await cancelled.wait()
    await merger.drain()


async def test_who_left_before_the_request_was_sent_is_not_in_it() -> None:
    """And where all have left, there is none."""
    sent: list[int] = []

    async def note(group: Sequence[PreparedCall], seconds: float | None) -> list[Outcome]:
        sent.append(len(group))
        return [Reply(None) for _ in group]

    merger = Merger(note)
    alone = asyncio.ensure_future(merger.send(prepared()))
    await asyncio.sleep(0)
    alone.cancel()
    left, stayed = (asyncio.ensure_future(merger.send(prepared(for_="ann"))) for _ in range(2))
    await asyncio.sleep(0)
    left.cancel()
    await stayed
    assert sent == [1]


async def test_a_defect_reaches_everyone_who_waits() -> None:
    """Nobody waits for ever."""

    async def fail(group: Sequence[PreparedCall], seconds: float | None) -> list[Outcome]:
        raise ZeroDivisionError

    merger = Merger(fail)
    results = await asyncio.gather(merger.send(prepared()), merger.send(prepared()), return_exceptions=True)
    assert [type(each) for each in results] == [ZeroDivisionError] * 2


async def test_different_headers_are_different_requests() -> None:
    """Whatever else is equal."""
    groups: list[list[str]] = []

    async def note(group: Sequence[PreparedCall], seconds: float | None) -> list[Outcome]:
        groups.append([each.call.headers["who"] for each in group])
        return [Reply(each.call.headers["who"]) for each in group]

    merger = Merger(note)
    replies = await asyncio.gather(*(merger.send(prepared(who=name)) for name in ("ann", "bob", "ann")))
    assert [reply.data for reply in replies if isinstance(reply, Reply)] == ["ann", "bob", "ann"]
    assert groups == [["ann", "ann"], ["bob"]]


@pytest.mark.parametrize("count", [1, 20, 21])
async def test_a_request_has_a_size(count: int) -> None:
    """Twenty calls at most."""
    sizes: list[int] = []

    async def note(group: Sequence[PreparedCall], seconds: float | None) -> list[Outcome]:
        sizes.append(len(group))
        return [Reply(None) for _ in group]

    merger = Merger(note)
    await asyncio.gather(*(merger.send(prepared()) for _ in range(count)))
    assert sizes == {1: [1], 20: [20], 21: [20, 1]}[count]


up = graphql("shop")


product = up.query("product(id: $id)")
reviews = up.query("reviews(productIds: $product_id)", key="productId", group=True)


async def test_queries_of_one_moment_are_one_request(shop: Shop, direct: Direct) -> None:
    """Each gets its own answer; names of the same parameter do not meet."""
    async with direct:
        answers = await asyncio.gather(
            select(leaves("title"), product, id="p1"),
            select(leaves("title"), product, id="p2"),
            select(leaves("id"), reviews, product_id="p2"),
            select(None, up.query("count")),
        )
    assert answers == [{"title": "Title of p1"}, {"title": "Title of p2"}, [{"id": "r4", "productId": "p2"}], 3]
    assert len(shop.asked) == 1
    assert shop.asked[0].startswith("query merged($c0_id: ID!, $c1_id: ID!, $c2_product_id: [ID!]!) { c0_product: ")


async def test_different_identities_are_never_merged(shop: Shop, connected: Connect) -> None:
    """Nobody is answered in somebody else's name."""
    connector = connected()
    whoami = up.query("whoami", types={}).operation
    calls = [Call(operation=whoami, headers={"authorization": name}) for name in ("Ann", "Bob", "Ann")]
    replies = await asyncio.gather(*(connector.send(call) for call in calls))
    assert [reply.data for reply in replies] == ["Ann", "Bob", "Ann"]
    assert len(shop.asked) == 2


async def test_merging_can_be_switched_off(shop: Shop, connected: Connect) -> None:
    """Where an upstream counts or knows requests."""
    connector = connected(merge=False)
    await asyncio.gather(*(connector.send(call_of(up.query("count"))) for _ in range(3)))
    assert shop.asked == ["query count { count }"] * 3


async def test_requests_stay_within_a_size(shop: Shop, connected: Connect) -> None:
    """Fifty calls of one moment are three requests."""
    connector = connected()
    await connector.start()
    replies = await asyncio.gather(
        *(connector.send(call_of(product, selection=leaves("id"), id=f"p{n % 3 + 1}")) for n in range(50))
    )
    assert [reply.data["id"] for reply in replies] == [f"p{n % 3 + 1}" for n in range(50)]
    assert len(shop.asked) == 3


async def test_a_call_that_was_given_up_takes_no_other_with_it(shop: Shop, connected: Connect) -> None:
    """They shared the request; the other is still answered."""
    connector = connected()
    await connector.start()
    left = asyncio.ensure_future(connector.send(call_of(product, selection=leaves("id"), id="p1")))
    other = asyncio.ensure_future(connector.send(call_of(product, selection=leaves("id"), id="p2")))
    await asyncio.sleep(0.001)
    left.cancel()
    assert (await other).data == {"id": "p2"}
    assert left.cancelled() or left.done()


async def test_calls_of_different_requests_are_merged_only_by_choice() -> None:
    """`request` is the default, and what `true` means."""
    for within, sizes in (("request", [2, 1]), ("process", [3])):
        sent: list[int] = []

        async def note(group: Sequence[PreparedCall], seconds: float | None, sent: list[int] = sent) -> list[Outcome]:
            sent.append(len(group))
            return [Reply(None) for _ in group]

        merger = Merger(note, within)  # type: ignore[arg-type]  # one of its two words
        calls = [Call(operation=READ, request=number) for number in (1, 2, 1)]
        await asyncio.gather(*(merger.send(PreparedCall(call, Facts({}))) for call in calls))
        assert sent == sizes


async def test_an_error_that_leads_nowhere_is_not_given_to_a_null_of_another_call(
    shop: Shop, connected: Connect
) -> None:
    """The call with the null is sent alone, and gets its own answer."""
    connector = connected(introspection=False)
    lost = up.query("product(id: $id)", fields="id", types={"id": "ID!"})

    def answer(received: Any) -> Say:
        said = shop.execute(received)
        _, _, body = said.data.partition(b"\r\n\r\n")
        if b"merged" not in received.body:
            return said
        return graphql_response({**json.loads(body), "errors": [{"message": "somewhere"}]})

    shop.answer = answer
    calls = [call_of(lost, id=name) for name in ("p1", "none")]
    replies = await asyncio.gather(*(connector.send(call) for call in calls))
    assert [reply.data for reply in replies] == [{"id": "p1"}, None]
    assert len(shop.asked) == 2
