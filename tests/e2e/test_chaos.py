"""Killing, slowing and garbling each upstream: partial data, coded errors, in time, and nothing leaks."""

from __future__ import annotations

import asyncio
import re
import time

import pytest

from tests.e2e.world import World, shop_world
from tests.waiting import GENEROUS, time_limit

PAGE = """{ product(id: "p-001") { id
  price { amount } stock { quantity } reviews { title } shipping { amount } } }"""
FIELD = {"pricing": "price", "warehouse": "stock", "reviews": "reviews", "orders": "shipping"}
PATIENCE = 0.3
"""The timeout of an upstream that hangs, in seconds."""
ADDRESS = re.compile(r"127\.0\.0\.1|10\.1\.2\.3|localhost|:\d{4,5}|Traceback|demo/|\.py")


def check(answer: dict, upstream: str) -> None:
    """Only this upstream's field is missing, with a coded error at its path that tells nothing of the inside."""
    assert answer["data"]["product"][FIELD[upstream]] is None
    for name, field in FIELD.items():
        if name != upstream:
            assert answer["data"]["product"][field] is not None
    [error] = answer["errors"]
    assert error["path"] == ["product", FIELD[upstream]]
    assert error["extensions"]["code"].startswith("UPSTREAM_")
    assert not ADDRESS.search(str(answer))


@pytest.mark.parametrize("failure", ["error", "garbage", "drop", "hang"])
@pytest.mark.parametrize("upstream", ["pricing", "warehouse", "reviews", "orders"])
async def test_a_broken_upstream_costs_only_its_field(upstream: str, failure: str) -> None:
    """And the answer comes within the request's deadline."""
    async with shop_world({upstream: PATIENCE} if failure == "hang" else {}) as world:
        world.shop.controls[upstream].fail = failure  # type: ignore[assignment]
        began = time.monotonic()
        answer = (await world.ask(PAGE)).json()
        assert time.monotonic() - began < GENEROUS
    check(answer, upstream)


@pytest.mark.parametrize("upstream", ["pricing", "warehouse", "reviews", "orders"])
async def test_a_killed_upstream_costs_only_its_field_and_comes_back(world: World, upstream: str) -> None:
    """While it is gone its field is null; when it is there again everything is."""
    assert "errors" not in (await world.ask(PAGE)).json()
    await world.shop.stop(upstream)
    check((await world.ask(PAGE)).json(), upstream)
    await world.shop.start(upstream)
    until = time.monotonic() + GENEROUS
    while "errors" in (answer := (await world.ask(PAGE)).json()) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    assert "errors" not in answer


@pytest.mark.parametrize("failure", ["error", "garbage", "drop", "hang"])
async def test_a_broken_catalog_is_told_in_safe_words(failure: str) -> None:
    """The upstream that everything hangs on: a null and one coded error, in time."""
    async with shop_world({"catalog": PATIENCE} if failure == "hang" else {}) as world:
        world.shop.controls["catalog"].fail = failure  # type: ignore[assignment]
        began = time.monotonic()
        answer = (await world.ask(PAGE)).json()
        assert time.monotonic() - began < GENEROUS
    assert answer["data"] == {"product": None}
    assert answer["errors"][0]["extensions"]["code"].startswith("UPSTREAM_")
    assert not ADDRESS.search(str(answer))


async def test_a_client_that_hangs_up_cancels_its_calls(world: World) -> None:
    """The upstreams see their callers go."""
    catalog = world.shop.controls["catalog"]
    catalog.fail, before = "hang", catalog.count.total()
    asking = asyncio.create_task(world.ask(PAGE))
    async with time_limit():
        while catalog.count.total() == before:
            await asyncio.sleep(0.02)
        asking.cancel()
        while not catalog.cancelled:
            await asyncio.sleep(0.02)
    assert catalog.cancelled == 1


async def test_a_gateway_starts_without_its_upstreams_and_recovers() -> None:
    """It is live, says what is not ready, answers with coded errors, and is ready when they come."""
    async with shop_world() as world:
        await world.shop.stop("pricing")
        await world.shop.stop("catalog")
        project = world.service.generation.project
        from bff.app import Service
        from tests.serving import serving

        async with serving(Service(project).asgi) as url:
            assert (await world.client.get(f"{url}/live")).status_code == 200
            ready = await world.client.get(f"{url}/ready")
            assert ready.status_code == 503
            assert set(ready.json()["upstreams"]) == {"catalog", "pricing"}
            assert not ADDRESS.search(ready.text)
            await world.shop.start("pricing")
            await world.shop.start("catalog")
            until = time.monotonic() + GENEROUS
            while (await world.client.get(f"{url}/ready")).status_code != 200 and time.monotonic() < until:
                await asyncio.sleep(0.1)
            response = await world.client.post(f"{url}/graphql/web", json={"query": PAGE})
            assert "errors" not in response.json()
