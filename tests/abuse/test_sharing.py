"""One caller whose queries make an upstream fail, and innocent callers at the same moment, over real sockets.

The figure is the share of the innocents' queries that fail: 0. It was 180 of 180 with each of these attacks before joint
calls were sent again in their parts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bff.loading.scope import RequestScope
from bff.loading.window import Windows
from bff.policies.outbound.options import Options as Policies
from bff.upstreams import Upstreams, UpstreamSettings
from connectors import graphql, rest
from connectors.contract import Reply
from connectors.endpoint import Endpoint
from connectors.errors import UpstreamError
from connectors.kinds import load_options
from tests.connectors.graphql.shop import Shop, graphql_response
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, json_response, response
from tests.waiting import GENEROUS

ROUNDS, INNOCENTS = 30, 3
BAD = "bad"
ATTACKS: dict[str, Say] = {
    "huge": response(b'{"data": "' + b"x" * 70_000 + b'"}', content_type="application/json"),
    "garbled": response(b'{"data": {', content_type="application/json"),
    "reset": Say(then="reset"),
    "failed": response(b"no", 500),
    "refused": graphql_response({"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}, 403),
}
product = graphql("shop").query("product(id: $id)", fields="id title", types={"id": "ID!"})
count = graphql("shop").query("count")
item = rest("shop").get("/items/{id}", many="/items?id={id}", key="id")


@asynccontextmanager
async def gateway(kind: str, address: str, connector: dict[str, Any], **policies: Any) -> AsyncGenerator[Upstreams]:
    """One upstream with its policies around it."""
    options = load_options(kind).model_validate({"address": address, "max_reply_size": "60kB", **connector})
    chosen = Policies.model_validate({"timeout": f"{GENEROUS}s", **policies})
    upstreams = Upstreams({"shop": UpstreamSettings(name="shop", kind=kind, connector=options, policies=chosen)})
    try:
        yield upstreams
    finally:
        await upstreams.close()


async def _ask(upstreams: Upstreams, windows: Windows, endpoint: Endpoint, *loads: Any) -> list[Any]:
    """What one caller's request gets: a failure in the place of each reply that did not come."""
    scope = RequestScope(upstreams, windows=windows)
    try:
        work = [scope.load(endpoint, {"id": each}, None) for each in loads]
        return await asyncio.gather(*work, return_exceptions=True)
    finally:
        await scope.close()


async def _count_failed(upstreams: Upstreams, endpoint: Endpoint, ask: Callable[[int], Any]) -> tuple[int, int]:
    """How many queries of innocents, and of the attacker, failed. The attacker loads something good too."""
    windows, failed, refused = Windows(), 0, 0
    for number in range(ROUNDS):
        innocents = [
            _ask(upstreams, windows, endpoint, ask(number), ask(number + each + 1)) for each in range(INNOCENTS)
        ]
        attacker, *others = await asyncio.gather(_ask(upstreams, windows, endpoint, BAD, ask(number)), *innocents)
        failed += sum(not isinstance(reply, Reply) for answer in others for reply in answer)
        assert isinstance(attacker[0], UpstreamError)
        refused += not isinstance(attacker[1], Reply)
    return failed, refused


@pytest.mark.parametrize("merge", ["request", "process"])
@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_query_that_fails_fails_no_other(attack: str, merge: str) -> None:
    """Neither those of other callers, whether they may travel with it or not, nor those of the same request."""
    async with Shop() as shop:

        def answer(received: Received) -> Say:
            return ATTACKS[attack] if BAD.encode() in received.body else shop.execute(received)

        shop.answer = answer
        async with gateway("graphql", shop.address, {"merge": merge}) as upstreams:
            failed, refused = await _count_failed(upstreams, product, lambda number: f"p{number % 3 + 1}")
    print(f"{attack}, merge: {merge}: {failed} of {ROUNDS * INNOCENTS * 2} queries of innocents failed")
    assert (failed, refused) == (0, 0)


@pytest.mark.parametrize("merge", ["request", "process"])
async def test_a_query_that_hangs_makes_no_other_late(merge: str) -> None:
    """The joint request has half of the time; then each is sent alone."""
    async with Shop() as shop:
        shop.answer = lambda received: HANG if BAD.encode() in received.body else shop.execute(received)
        async with gateway("graphql", shop.address, {"merge": merge}, timeout="1s") as upstreams:
            windows = Windows()
            for _ in range(2):
                work = (_ask(upstreams, windows, product, *each) for each in ((BAD, "p1"), ("p1",), ("p2", "p3")))
                (bad, good), *others = await asyncio.gather(*work)
                assert isinstance(bad, UpstreamError)
                assert all(isinstance(each, Reply) for each in (good, *others[0], *others[1]))


def _answer_items(received: Received, bad: Say) -> Say:
    ids = [each.partition("=")[2] for each in received.target.partition("?")[2].split("&") if each]
    if BAD in (ids or [received.target.rpartition("/")[2]]):
        return bad
    return json_response([{"id": each} for each in ids] if ids else {"id": received.target.rpartition("/")[2]})


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_key_that_fails_fails_no_batch_of_others(attack: str) -> None:
    """With a window, in which batches of several requests become one call."""
    async with (
        HttpWorld(lambda received: _answer_items(received, ATTACKS[attack])) as world,
        gateway("rest", world.url, {}, batch_window="5ms") as upstreams,
    ):
        failed, _ = await _count_failed(upstreams, item, lambda number: f"p{number}")
    print(f"{attack}, batch_window: {failed} of {ROUNDS * INNOCENTS * 2} batches' keys of innocents failed")
    assert failed == 0


async def test_callers_never_travel_together_unless_bff_yaml_says_so() -> None:
    """By default each request that the upstream gets is of one caller."""
    for merge, most in (("request", 1), ("process", 3)):
        async with Shop() as shop, gateway("graphql", shop.address, {"merge": merge}) as upstreams:
            work = (_ask(upstreams, Windows(), product, each) for each in ("p1", "p2", "p3"))
            await asyncio.gather(*work)
            assert max(query.count("product(id") for query in shop.asked) == most
