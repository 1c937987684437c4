"""Server-sent events: the distinct connections mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md).

Its events have no ids and `Last-Event-ID` is not looked at: the connection is the subscription, so who connects again
subscribes again, from now on. Who must not miss what came meanwhile uses the other mode, bff.http.single_connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import structlog

from bff.contract import Answers, Refused
from bff.http.asgi import Exchange, hung_up
from bff.http.encode import encode
from bff.http.errors import internal
from bff.http.lifespan import stopping

log = structlog.get_logger("bff.http")

KEEP_ALIVE = 12.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect events


async def send_events(exchange: Exchange, answers: Answers) -> None:
    """Send a `next` event for each answer, then `complete`; see `pour` for other endings."""
    await pour(exchange, _framed(answers, exchange.request_id))


async def pour(exchange: Exchange, events: AsyncGenerator[bytes, None]) -> None:
    """Send events until they end, and a comment in silence. Closes `events`.

    A client that hangs up ends them. A server that stops ends the stream without `complete`, so that clients connect
    again. The next event is asked for when the last one is written, however slowly it is read.
    """
    async with aclosing(events), _leaving(exchange) as leaving:
        await exchange.start(200, "text/event-stream; charset=utf-8", _HEADERS)
        while (event := await _next(exchange, events, leaving)) is not None:
            await exchange.write(event)
        await exchange.write(b"", is_last=True)


def event_of(kind: bytes, data: bytes, number: int | None = None) -> bytes:
    """One event as it is sent; `data` has no line feeds. An empty one is sent too, because EventSource needs it."""
    id_line = b"" if number is None else b"id: %d\n" % number
    return id_line + b"event: " + kind + b"\ndata:" + (b" " + data if data else b"") + b"\n\n"


async def _framed(answers: Answers, request_id: str) -> AsyncGenerator[bytes, None]:
    async with aclosing(answers):
        try:
            async for answer in answers:
                yield event_of(b"next", encode(answer))
        except Refused as refusal:
            yield event_of(b"next", encode(refusal.answer()))
        except Exception:
            log.exception("subscription_failed", request_id=request_id)
            yield event_of(b"next", encode(internal(request_id).answer()))
    yield event_of(b"complete", b"")


async def _next(exchange: Exchange, events: AsyncGenerator[bytes, None], leaving: asyncio.Task[None]) -> bytes | None:
    """The next event; None at the end, or when `leaving` comes first. Comments go out meanwhile."""
    coming = asyncio.ensure_future(_advance(events))
    waits: set[asyncio.Task[Any]] = {coming, leaving}
    try:
        while True:
            await asyncio.wait(waits, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return None
            if coming.done():
                return coming.result()
            await exchange.write(b":\n\n")
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait({coming})


async def _advance(events: AsyncGenerator[bytes, None]) -> bytes | None:
    return await anext(events, None)


@asynccontextmanager
async def _leaving(exchange: Exchange) -> AsyncIterator[asyncio.Task[None]]:
    """Done when the client has hung up or the server stops."""
    leaving = asyncio.ensure_future(_left(exchange))
    try:
        yield leaving
    finally:
        leaving.cancel()


async def _left(exchange: Exchange) -> None:
    waits: list[asyncio.Task[Any]] = [asyncio.ensure_future(hung_up(exchange.receive))]
    stop = stopping(exchange.scope)
    if stop is not None:
        waits.append(asyncio.ensure_future(stop.wait()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
