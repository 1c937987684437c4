"""Fetching `via` fields for whole sets: keys that are none, and what a request leaves behind."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest
import strawberry
from strawberry.scalars import JSON
from structlog.testing import capture_logs

from bff.authoring import frontend, via
from bff.loading.scope import RequestScope
from connectors import rest
from connectors.contract import Call
from connectors.rest.connector import connect
from connectors.rest.options import Options
from connectors.transport.reading import Body
from tests.bff.fakes import FakeUpstream, ask, batched, endpoint, gateway
from tests.serving import serving
from tests.waiting import time_limit

stock = batched("shop: stock", parameter="sku", key="sku")
things = endpoint("shop: things")


@strawberry.type
class Thing:
    sku: JSON
    stock: JSON | None = via(stock, sku="sku")


@strawberry.type
class Query:
    things: list[Thing] = via(things)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
async def test_a_key_that_cannot_be_one_fails_alone(engine: str) -> None:
    """An upstream sent an object where the key of another upstream should be: one field's error, not the request's."""
    records = [{"sku": "a"}, {"sku": {"not": "a key"}}, {"sku": [1]}]
    shop = FakeUpstream(lambda call: [{"sku": key, "n": 1} for key in call.keys] if call.keys else records)
    with capture_logs():
        answer = await ask(
            gateway(frontend(query=Query), options={"engine": engine}, shop=shop), "{ things { stock } }"
        )
    assert answer.data == {"things": [{"stock": {"sku": "a", "n": 1}}, {"stock": None}, {"stock": None}]}
    assert [error["path"] for error in answer.errors] == [["things", 1, "stock"], ["things", 2, "stock"]]
    assert [error["extensions"]["code"] for error in answer.errors] == ["UPSTREAM_BAD_REPLY"] * 2


class Large(list[Any]):
    """Data that can be watched."""


async def test_a_request_keeps_nothing_of_its_replies() -> None:
    """They go when it ends, not when garbage is collected next: many large ones would fill the memory until then."""
    made = Large([{"sku": "a"}])
    watched = weakref.ref(made)
    held = [made]
    shop = FakeUpstream(lambda call: [{"sku": key} for key in call.keys] if call.keys else held.pop())
    engine = gateway(frontend(query=Query), shop=shop)
    del made
    gc.collect()
    gc.disable()
    try:
        assert (await ask(engine, "{ things { stock } }")).data == {"things": [{"stock": {"sku": "a"}}]}
        await asyncio.sleep(0)
        assert watched() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("size", [10, 600_000])
async def test_a_call_leaves_no_bytes_behind(size: int) -> None:
    """Its body goes with its reply: what holds itself stays until garbage is collected, megabytes by the call."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            head = [(b"content-length", b"%d" % (size + 2)), (b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": b'"' + b"x" * size + b'"'})

    async with serving(app) as url:
        connector = connect("api", Options.model_validate({"address": url}))
        gc.collect()
        gc.disable()
        try:
            for _ in range(2):
                reply = await connector.send(Call(operation=rest("api").get("/").operation))
                assert await reply.read() == "x" * size
            decoded = weakref.ref(reply._decode)  # type: ignore[arg-type]
            del reply
            bodies = [each for each in gc.get_objects() if isinstance(each, Body)]
            assert (decoded(), bodies) == (None, [])
        finally:
            gc.enable()
            await connector.close()


async def test_whoever_waits_ends_when_the_request_does() -> None:
    """Also where a batch is cancelled before it has begun, so that nothing of it ever ran."""
    for turns in range(6):
        scope = RequestScope(upstreams={"shop": FakeUpstream(delay=60)})
        waiting = asyncio.ensure_future(scope.load_many(stock, {}, ["a"], None))
        for _ in range(turns):
            await asyncio.sleep(0)
        await scope.close()
        async with time_limit():
            await asyncio.wait([waiting])
        waiting.cancelled() or waiting.exception()
