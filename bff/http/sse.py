"""Server-sent events: the distinct connections mode of the GraphQL over SSE protocol (graphql-sse, PROTOCOL.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import structlog

from bff.contract import Answer, Answers
from bff.http.asgi import Exchange, hung_up
from bff.http.encode import encode
from bff.http.errors import internal
from bff.http.lifespan import stopping

log = structlog.get_logger("bff.http")

KEEP_ALIVE = 12.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}  # nginx must not collect events


async def send_events(exchange: Exchange, answers: Answers) -> None:
    """Send a `next` event for each answer, then `complete`.

    A client that hangs up ends the subscription. A server that stops ends the stream without `complete`, so that
    clients connect again. The next answer is asked for when the last one is written, however slowly it is read.
    """
    async with aclosing(answers), _leaving(exchange) as leaving:
        await exchange.start(200, "text/event-stream; charset=utf-8", _HEADERS)
        while True:
            answer = await _next(exchange, answers, leaving)
            if leaving.done():
                await exchange.write(b"", is_last=True)
                return
            if answer is None:
                await exchange.write(b"event: complete\ndata:\n\n", is_last=True)
                return
            await exchange.write(b"event: next\ndata: " + encode(answer) + b"\n\n")


async def _next(exchange: Exchange, answers: Answers, leaving: asyncio.Task[None]) -> Answer | None:
    """The next answer; None at the end, or when `leaving` comes first. Comments go out meanwhile."""
    coming = asyncio.ensure_future(_advance(answers, exchange.request_id))
    waits: set[asyncio.Task[Any]] = {coming, leaving}
    try:
        while True:
            await asyncio.wait(waits, timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            if leaving.done():
                return None
            await exchange.write(b":\n\n")
    finally:
        if not coming.done():
            coming.cancel()
            await asyncio.wait({coming})


async def _advance(answers: Answers, request_id: str) -> Answer | None:
    try:
        return await anext(answers, None)
    except Exception:
        log.exception("subscription_failed", request_id=request_id)
        return internal(request_id).answer()


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
