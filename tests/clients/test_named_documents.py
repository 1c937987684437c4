"""Documents by name on the wire: statuses, caching, and the websocket, with the real gateway behind the door."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.frontends.world import HELLO, app, hashed
from tests.serving import serving
from tests.waiting import time_limit

SUBSCRIPTION = "subscription { count(to: 1) }"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A frontend whose clients may persist queries."""
    gateway = app(persisted=True, batch={"max_operations": 2})
    async with serving(http_app(lambda: gateway, Options())) as base:
        yield f"{base}/graphql/app"


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)])
async def test_a_hash_that_is_not_known(url: str, accept: str, status: int) -> None:
    """200 in application/json, as Apollo Server answers; no cache may keep the answer of a GET."""
    parameters = {"extensions": json.dumps(hashed(HELLO))}
    async with httpx.AsyncClient(trust_env=False) as client:
        got = await client.get(url, params=parameters, headers={"accept": accept})
        posted = await client.post(url, json={"extensions": hashed(HELLO)}, headers={"accept": accept})
    assert got.headers["cache-control"] == "no-store"
    for response in (got, posted):
        assert response.status_code == status
        (error,) = response.json()["errors"]
        assert error == {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


async def test_over_a_websocket(url: str) -> None:
    """What one transport persists, every other knows; subscriptions too."""
    async with (
        time_limit(),
        connect(url.replace("http", "ws"), subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None) as socket,
    ):
        await socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"

        async def ask(number: int, **payload: object) -> list[dict[str, object]]:
            await socket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": payload}))
            messages = [json.loads(await socket.recv())]
            while messages[-1]["type"] == "next":
                messages.append(json.loads(await socket.recv()))
            return [each.get("payload") for each in messages]

        ((unknown,),) = await ask(1, extensions=hashed(SUBSCRIPTION))
        assert unknown["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}
        events = [{"data": {"count": 0}}, None]
        assert await ask(2, query=SUBSCRIPTION, extensions=hashed(SUBSCRIPTION)) == events
        assert await ask(3, extensions=hashed(SUBSCRIPTION)) == events


async def test_a_batch_of_names(url: str) -> None:
    """Each finds its own document."""
    known = {"query": HELLO, "variables": {"name": "Ada"}, "extensions": hashed(HELLO)}
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.post(url, json=known)
        response = await client.post(url, json=[{**known, "query": None}, {"query": SUBSCRIPTION}])
    first, second = response.json()
    assert first == {"data": {"hello": "hello Ada"}}
    assert second["errors"][0]["extensions"]["code"] == "SUBSCRIPTION_IN_BATCH"
