"""Events over real websockets and a queue, one or several in a message: absent, null and empty as in replies.

Both engines give the same, and the last event is there whatever stands before it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any

import pytest
import strawberry

from bff.authoring import frontend, take, via
from bff.contract import Answer, Parts, Request
from bff.gateway.gateway import Gateway
from connectors.queue.brokers import Message
from connectors.queue.connector import connect as connect_queue
from connectors.queue.endpoints import queue
from connectors.queue.options import Options as QueueOptions
from connectors.websocket.endpoints import websocket
from connectors.websocket.options import Options as WebsocketOptions
from tests.bff.fakes import gateway, upstream_of
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import time_limit, until

live_events = websocket("api").subscribe({"op": "sub"}, when={"kind": "tick"}, at="data")
queue_events = queue("api").subscribe("ticks", where={"kind": "tick"}, at="data")
EVENTS: list[Any] = [
    {"n": 1, "names": ["a"], "meta": {"tags": ["t"]}, "note": "x"},
    {},
    {"n": None, "names": None, "meta": None, "note": None},
    {"n": 2, "names": [], "meta": {}, "note": ""},
    {"n": "many", "names": [None], "meta": {"tags": None}, "note": 5},
    None,
    {"n": 9, "names": ["last"]},
]
TICKS = [{"kind": "tick", "data": each} for each in EVENTS]
TICKS[5:5] = [{"kind": "tick"}]
QUERY = "subscription { ticks { n names tags note } }"


@strawberry.type
class Tick:
    n: int | None = 7
    names: list[str] = strawberry.field(default_factory=list)
    tags: list[str] | None = take("meta.tags", default_factory=lambda: ["d"])
    note: str | None


@strawberry.type
class Query:
    nothing: int = 0


def schema_of(endpoint: Any) -> strawberry.Schema:
    @strawberry.type
    class Subscription:
        ticks: Tick | None = via(endpoint)

    return frontend(query=Query, subscription=Subscription)


def frames_of(form: str) -> Sequence[str | bytes]:
    match form:
        case "each":
            return [json.dumps(each) for each in TICKS]
        case "array":
            return [json.dumps(TICKS)]
        case "lines":
            return ["\n".join(map(json.dumps, TICKS))]
        case _:
            return [gzip.compress(json.dumps(TICKS).encode())]


async def read(app: Gateway, send: Any) -> list[Any]:
    """The answers until the last event."""
    started = await app.answer(Request(frontend="app", query=QUERY))
    assert not isinstance(started, Answer | Parts)
    seen: list[Any] = []
    async with time_limit(), aclosing(started) as answers:
        first = asyncio.ensure_future(anext(answers))
        await send()
        seen.append((await first).body())
        while len(seen) < len(TICKS):
            seen.append((await anext(answers)).body())
    return seen


async def read_live(engine: str, frames: Sequence[str | bytes]) -> list[Any]:
    async with Upstream() as upstream, AsyncExitStack() as stack:
        connector = upstream.connector()
        stack.push_async_callback(connector.close)

        async def send() -> None:
            await until(lambda: bool(upstream.heard))
            await upstream.say(*frames)

        options = WebsocketOptions(address=upstream.address)
        api: Any = upstream_of(connector, options)
        return await read(gateway(schema_of(live_events), options={"engine": engine}, api=api), send)


async def read_queue(engine: str, frames: Sequence[str | bytes]) -> list[Any]:
    options = QueueOptions(address="memory://streamed-events")
    connector = connect_queue("api", options)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connector.close)

        async def send() -> None:
            await until(lambda: "ticks" in connector._topics)
            await connector._topics["ticks"].wait_until_open()
            for frame in frames:
                body = frame if isinstance(frame, bytes) else frame.encode()
                await connector._broker.publish(Message(topic="ticks", body=body))

        api: Any = upstream_of(connector, options)
        return await read(gateway(schema_of(queue_events), options={"engine": engine}, api=api), send)


@pytest.mark.parametrize("form", ["each", "array", "lines", "packed"])
async def test_events_are_the_same_in_every_form(form: str) -> None:
    """Over both protocols, on both engines: values, defaults, errors."""
    frames = frames_of(form)
    expected = await read_live("reference", frames_of("each"))
    assert expected[0] == {"data": {"ticks": {"n": 1, "names": ["a"], "tags": ["t"], "note": "x"}}}
    assert expected[1] == {"data": {"ticks": {"n": 7, "names": [], "tags": ["d"], "note": None}}}
    assert expected[-1]["data"]["ticks"]["names"] == ["last"]
    for engine in ("compiled", "reference"):
        for read_events in (read_live, read_queue):
            assert await read_events(engine, frames) == expected, (engine, read_events.__name__)
