"""The gateway in another application: opened by a lifespan, or by the first request where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

import bff
from bff.embedding import EmbeddedGateway
from tests.e2e.world import ROOT

HELLO = {"query": "{ __typename }"}


@pytest.fixture
async def app() -> AsyncIterator[EmbeddedGateway]:
    made = bff.asgi(ROOT / "bff.yaml", environment={})
    yield made
    await made.close()


async def post(app: EmbeddedGateway, root: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app=app, root_path=root)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.post(f"{root}/graphql", json=HELLO)


@pytest.mark.parametrize("root", ["", "/api"])
async def test_it_works_without_a_lifespan(app: EmbeddedGateway, root: str) -> None:
    """As frameworks mount applications; the first request opens it, once."""
    assert not app.service.is_open
    answer = await post(app, root)
    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})
    generation = app.service.generation
    await post(app, root)
    assert app.service.generation is generation
    await app.close()
    assert not app.service.is_open


async def test_a_lifespan_opens_and_closes_it(app: EmbeddedGateway) -> None:
    """As servers do."""
    said: list[str] = []
    received = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        if said:
            assert app.service.is_open
            assert (await post(app)).status_code == 200
        return {"type": next(received)}

    async def send(message: dict[str, str]) -> None:
        said.append(message["type"])

    await app({"type": "lifespan", "state": {}}, receive, send)
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not app.service.is_open
