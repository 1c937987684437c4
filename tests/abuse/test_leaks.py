"""Errors tell nothing of the inside: upstreams fail in every way, and the answers hold no address, path or class."""

from __future__ import annotations

import asyncio
import re

import pytest

from demo.control import FAILURES
from tests.e2e.world import World, shop_world

INSIDE = re.compile(
    r"127\.0\.0\.1|localhost|https?://|wss?://|memory://|:\d{4,5}\b|/work|/home|/usr|/tmp|site-packages|\.py\b|\.wsdl"
    r"|Traceback|File \"|0x[0-9a-f]{6,}| object at |grpc|zeep|pyreqwest|httpx|strawberry|graphql-core|msgspec"
    r"|\w+(Error|Exception|Timeout|Refused)\b|Errno"
)
ASKED = {
    "web": """{ product(id: "p-001") { id price { text } stock { quantity } reviews { title } shipping { amount } }
        departments { name } orders(customer: "c-1") { id } }""",
    "mobile": '{ home { products(first: 2) { label price { text } inStock reviews { title } } } product(id: "p-001") { name } }',
    "partner": "{ offers(category: GARDEN, first: 3) { sku available } }",
}
ORDER = """mutation { placeOrder(customer: "c-1", key: "k", lines: [{sku: "sku-001"}]) { id } }"""
PATIENCE = 0.3
"""The timeout of an upstream that hangs, in seconds."""
UPSTREAMS = ("catalog", "pricing", "warehouse", "reviews", "orders", "ticker")


@pytest.fixture
async def world():
    async with shop_world() as made:
        yield made


async def texts(world: World) -> list[str]:
    """What all frontends answer, side by side, with headers."""
    asks = [world.ask(query, frontend) for frontend, query in ASKED.items()]
    responses = await asyncio.gather(*asks, world.ask(ORDER, "web"))
    bodies = [response.json() for response in responses]
    for body in bodies:
        assert all(error["extensions"].keys() <= {"code", "requestId"} for error in body.get("errors", ())), body
    hidden = {"date", "content-length", "x-request-id"}
    headers = [{k: v for k, v in each.headers.items() if k not in hidden} for each in responses]
    return [f"{body} {lines}" for body, lines in zip(bodies, headers, strict=True)]


@pytest.mark.parametrize("failure", [*FAILURES, "stopped"])
async def test_failures_of_all_upstreams_are_told_in_safe_words(failure: str) -> None:
    """Each alone would do; together they also fail on the ways that only lead through others."""
    async with shop_world(dict.fromkeys(UPSTREAMS, PATIENCE) if failure == "hang" else {}) as world:
        for upstream in UPSTREAMS:
            if failure == "stopped":
                await world.shop.stop(upstream)
            elif upstream in world.shop.controls:
                world.shop.controls[upstream].fail = failure  # type: ignore[assignment]
        told = await texts(world)
    assert any("UPSTREAM_" in text for text in told)
    for text in told:
        assert not (found := INSIDE.search(text)), (found, text)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("upstream", ["pricing", "warehouse", "reviews", "orders"])
async def test_a_failure_below_a_product_is_told_in_safe_words(upstream: str, failure: str) -> None:
    """The product is there; one of its fields is not."""
    async with shop_world({upstream: PATIENCE} if failure == "hang" else {}) as world:
        world.shop.controls[upstream].fail = failure  # type: ignore[assignment]
        text = (await world.ask(ASKED["web"])).text
    assert "UPSTREAM_" in text
    assert not (found := INSIDE.search(text)), (found, text)
