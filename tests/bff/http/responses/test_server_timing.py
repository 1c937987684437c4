"""Server-Timing: where the time of a request went, for those who ask."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import strawberry

from bff.authoring import frontend, via
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.fakes import FakeUpstream, batched, endpoint, gateway
from tests.serving import serving

ITEMS, PRICE = endpoint("shop: items"), batched("pricing: price")


@strawberry.type
class Item:
    id: int
    price: int | None = via(PRICE, id="id")


@strawberry.type
class Query:
    @strawberry.field
    async def items(self) -> list[Item]:
        return await ITEMS()


@asynccontextmanager
async def asking(**options: bool) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with two upstreams."""
    shop = FakeUpstream(lambda call: [{"id": 1}, {"id": 2}], delay=0.02)
    pricing = FakeUpstream(lambda call: [{"id": key} for key in call.keys])
    gate = gateway(frontend(query=Query), shop=shop, pricing=pricing)
    chosen = Options.model_validate(options)
    async with serving(http_app(lambda: gate, chosen), chosen) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def test_nobody_is_told_who_did_not_ask() -> None:
    async with asking() as client:
        answer = await client.post("/graphql/app", json={"query": "{ items { id } }"})
        assert answer.status_code == 200
        assert "server-timing" not in answer.headers


async def test_who_asks_is_told_without_names_of_upstreams() -> None:
    """Milliseconds; what waits for an upstream shows. So it is in production."""
    async with asking(server_timing_names=False) as client:
        headers = {"x-server-timing": "1"}
        answer = await client.post("/graphql/app", json={"query": "{ items { price } }"}, headers=headers)
        told = answer.headers["server-timing"]
        number = r"dur=(\d+\.\d)"
        pattern = rf'prepare;{number}, run;{number}, encode;{number}, upstream;{number};desc="2 calls"'
        found = re.fullmatch(pattern, told)
        assert found, told
        assert float(found[2]) >= 20
        assert float(found[4]) >= 20
        assert "shop" not in told
        plain = await client.post("/graphql/app", json={"query": "{ items { id } }"})
        assert "server-timing" not in plain.headers  # on the same connection


async def test_the_option_tells_everyone_and_by_name() -> None:
    """A GET too."""
    async with asking(server_timing=True) as client:
        answer = await client.get("/graphql/app", params={"query": "{ items { price } }"})
        told = answer.headers["server-timing"]
        assert re.search(r'upstream-shop;dur=[\d.]+;desc="1 call"', told)
        assert re.search(r'upstream-pricing;dur=[\d.]+;desc="1 call"', told)


async def test_a_refused_document_was_not_run() -> None:
    """What did not happen took no time."""
    async with asking(server_timing=True) as client:
        answer = await client.post("/graphql/app", json={"query": "{ nothing }"})
        assert re.fullmatch(r"encode;dur=[\d.]+", answer.headers["server-timing"])
