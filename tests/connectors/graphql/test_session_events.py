"""Subscriptions as server-sent events: what is on the wire, and what is not an event stream."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from connectors.contract import Call, Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamNotFound,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnreachable,
)
from connectors.graphql.connector import connect
from connectors.graphql.endpoints import graphql
from connectors.graphql.options import Options
from connectors.graphql.session_events import ServerEvent, read_events
from tests.connectors.conformance import free_port
from tests.connectors.http_world import HttpWorld, Received, Say, json_response, response
from tests.waiting import time_limit

OPERATION = Operation(upstream="api", name="tick")
tick = graphql("api").subscription("tick(of: $of?)", types={"of": "Int"})


async def events_of(*chunks: bytes, max_size: int = 1000) -> list[ServerEvent]:
    async def come() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [event async for event in read_events(OPERATION, come(), max_size)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_are_read_as_the_standard_says(end: str, size: int) -> None:
    """Whatever ends lines and wherever chunks end."""
    lines = [
        ": hello",
        "event: next",
        "data: {",
        "data:1}",
        "",
        "",
        "id: 7",
        "retry: 5",
        "",
        "data: é",
        "",
        "event: complete",
        "",
    ]
    text = ("\ufeff" + end.join(lines) + end).encode()
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    assert await events_of(*chunks) == [
        ServerEvent("next", "{\n1}"),
        ServerEvent("message", "é"),
        ServerEvent("complete", ""),
    ]


async def test_an_event_is_bounded() -> None:
    """With and without an end of its line."""
    with pytest.raises(UpstreamReplyTooLarge, match="max_reply_size"):
        await events_of(b"data: " + b"x" * 2000)
    with pytest.raises(UpstreamReplyTooLarge, match="max_reply_size"):
        await events_of(*[b"data: xxxxxxxx\n"] * 200)
    with pytest.raises(UpstreamBadReply, match="not UTF-8"):
        await events_of(b"data: \xff\n\n")


async def watch(serve: Any, most: int = 10, call: dict[str, Any] | None = None, **options: Any) -> list[Any]:
    async with HttpWorld(serve) as world:
        given = {"address": f"{world.url}/graphql", "introspection": False, "subscriptions": "sse", **options}
        connector = connect("api", Options.model_validate(given))
        seen: list[Any] = []
        try:
            async with time_limit(), aclosing(connector.stream(Call(operation=tick.operation, **call or {}))) as events:
                async for event in events:
                    seen.append(event.data)
                    if len(seen) == most:
                        break
        finally:
            await connector.close()
        return seen


def stream(text: str, **headers: str) -> Say:
    return response(text.encode(), **{"content_type": "text/event-stream; charset=utf-8", **headers})


def data(number: int) -> str:
    return f'event: next\ndata: {{"data": {{"tick": {number}}}}}\n\n'


async def test_a_request_and_its_events() -> None:
    """A POST with the caller's headers; `complete` ends it."""
    seen: list[Received] = []

    def serve(received: Received) -> Say:
        seen.append(received)
        failed = 'event: next\ndata: {"errors": [{"message": "once"}]}\n\n'
        return stream(f"{data(1)}: ping\n\n{failed}{data(2)}event: complete\ndata:\n\n{data(9)}")

    call = {"headers": {"authorization": "Bearer t"}, "arguments": {"of": 7}}
    first, failed, last = await watch(serve, call=call)
    assert (first, last) == (1, 2)
    assert isinstance(failed, UpstreamError)
    (received,) = seen
    assert received.method == "POST"
    assert received.headers["accept"] == "text/event-stream"
    assert received.headers["authorization"] == "Bearer t"
    assert received.json == {"query": "subscription tick($of: Int) { tick(of:$of) }", "variables": {"of": 7}}


async def test_a_stream_without_types_of_events_may_just_end() -> None:
    """As simpler servers do; one with types must say that it is complete."""
    assert await watch(lambda received: stream(data(1).replace("event: next\n", ""))) == [1]
    with pytest.raises(UpstreamDisconnected, match="without an event of type complete"):
        await watch(lambda received: stream(data(1)))


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (json_response({"errors": [{"message": "no", "extensions": {"code": "UNAUTHENTICATED"}}]}), UpstreamUnauthenticated, "no"),
        (json_response({"errors": [{"message": "bad", "locations": [{"line": 1, "column": 1}]}]}, 400), UpstreamRejected, "bad"),
        (response(b"", 404), UpstreamNotFound, "404"),
        (json_response({"data": {"tick": 1}}), UpstreamBadReply, "expected an event stream, got HTTP 200 with application/json"),
        (response(b"hello", content_type="text/html"), UpstreamBadReply, "text/html"),
    ],
)  # fmt: skip
async def test_what_is_no_event_stream(answer: Say, kind: type[UpstreamError], words: str) -> None:
    """With the upstream's own reason where it gives one."""
    with pytest.raises(kind, match=words):
        await watch(lambda received: answer)


async def test_nobody_there_a_break_and_a_deadline() -> None:
    """As everywhere."""
    with pytest.raises(UpstreamUnreachable):
        await watch(lambda received: Say(), subscription_url=f"http://127.0.0.1:{free_port()}/")
    cut = Say(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 900\r\n\r\n" + data(1).encode(), "close"
    )
    with pytest.raises(UpstreamDisconnected):
        await watch(lambda received: cut)
    hang = Say(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 900\r\n\r\n" + data(1).encode(), "hang"
    )
    with pytest.raises(UpstreamTimeout):
        await watch(lambda received: hang, call={"deadline": time.monotonic() + 0.5})


async def test_leaving_and_closing_end_the_response() -> None:
    """The upstream sees that nobody listens any more."""
    hang = Say(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 900\r\n\r\n" + data(1).encode(), "hang"
    )
    async with HttpWorld(lambda received: hang) as world:
        options = {"address": f"{world.url}/graphql", "introspection": False, "subscriptions": "sse"}
        connector = connect("api", Options.model_validate(options))
        async with time_limit(), aclosing(connector.stream(Call(operation=tick.operation))) as events:
            assert (await anext(events)).data == 1
        async with time_limit():
            await world.client_left()
        events = connector.stream(Call(operation=tick.operation))
        assert (await anext(events)).data == 1
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.05)
        await connector.close()
        with pytest.raises(UpstreamDisconnected):
            await waiting
        with pytest.raises(UpstreamUnreachable):
            await anext(connector.stream(Call(operation=tick.operation)))
