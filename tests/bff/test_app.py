"""A generation of the gateway knows when it is idle: a reload waits for that, and for nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bff import app
from bff.contract import Answer, Increments, Parts, Refused, Request
from bff.testing import testing
from connectors.errors import UpstreamDisconnected
from connectors.testing import Feed
from tests.e2e.world import ROOT
from tests.waiting import time_limit

TICKS = 'subscription { priceChanges(sku: "T-1") { __typename } }'
DEFERRED = "{ products(category: TOYS, first: 1) { name ... @defer { price { text } } } }"


@pytest.mark.parametrize("is_begun", [False, True])
async def test_a_subscription_that_is_closed_is_over(is_begun: bool) -> None:
    """Also when nobody asked for its first event, as over HTTP without a protocol for subscriptions."""
    async with testing(ROOT / "bff.yaml", {}) as up:
        generation = up.frontend("web").service.generation
        answers = await generation.answer(Request(frontend="web", query=TICKS))
        assert not isinstance(answers, Answer | Parts)
        if is_begun:
            await anext(answers, None)
        await answers.aclose()
        async with time_limit():
            await generation.close()


@pytest.mark.parametrize("takes_all", [False, True])
async def test_an_answer_in_parts_is_over_with_its_last_part(takes_all: bool) -> None:
    """Or when nobody wants them any longer."""
    async with testing(ROOT / "bff.yaml", {}) as up:
        up.catalog["/products"] = {"items": [{"id": "p-1", "sku": "T-1", "title": "Kite"}]}
        up.pricing["GetPrices"] = {"prices": [{"sku": "T-1", "amount": 100, "currency": "EUR"}]}
        generation = up.frontend("mobile").service.generation
        parts = await generation.answer(Request(frontend="mobile", query=DEFERRED, increments=Increments.PATHS))
        assert isinstance(parts, Parts)
        assert parts.first.body() == {"data": {"products": [{"name": "Kite"}]}, "hasNext": True}
        if takes_all:
            last = [part.body() async for part in parts.more][-1]
            entry = {"data": {"price": {"text": "1.00 EUR"}}, "path": ["products", 0]}
            assert last == {"incremental": [entry], "hasNext": False}
        else:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await generation.close()
            await parts.more.aclose()
        async with time_limit():
            await generation.close()


@pytest.mark.parametrize("last", [UpstreamDisconnected, {"sku": "T-1", "amount": 1, "currency": "EUR"}, Feed._END])
async def test_a_subscription_that_outlives_a_reload_is_to_be_made_again(
    last: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with a refusal of its own, for which clients connect again, not as if its upstream were gone."""
    monkeypatch.setattr(app, "DRAIN", 0.05)
    async with testing(ROOT / "bff.yaml", {}) as up:
        up.pricing["Watch"] = feed = Feed()
        generation = up.frontend("web").service.generation
        answers = await generation.answer(Request(frontend="web", query=TICKS))
        assert not isinstance(answers, Answer | Parts)
        waiting = asyncio.ensure_future(anext(answers))
        async with time_limit():
            await feed.joined.wait()
            await generation.close()
            feed.push(last)
            with pytest.raises(Refused) as caught:
                await waiting
        assert caught.value.code == "SERVER_STOPPING"
        assert not feed.listeners
