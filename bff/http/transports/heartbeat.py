"""Items one after the other to a client that may hang up, with signs of life in silence. Used by long responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bff.http.asgi import Exchange, hung_up
from bff.http.extensions import get_stop_event

T = TypeVar("T")


async def paced(
    items: AsyncGenerator[T, None], over: asyncio.Task[None], seconds: float | None
) -> AsyncGenerator[T | None, None]:
    """The items, until they end or `over` is done; None after each `seconds` of silence.

    The next item is asked for when the last one is dealt with, however slowly a client reads it.
    """
    while True:
        coming = asyncio.ensure_future(anext(items, None))
        waits: set[asyncio.Task[Any]] = {coming, over}
        try:
            while not coming.done() and not over.done():
                done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    yield None
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
        item = None if coming.cancelled() else coming.result()
        if item is None or over.done():
            return
        yield item


@asynccontextmanager
async def ending(exchange: Exchange, *, also_at_stop: bool) -> AsyncIterator[asyncio.Task[None]]:
    """Done when the client has hung up, or, if asked for, when the server begins to stop."""
    stop = get_stop_event(exchange.scope) if also_at_stop else None
    over = asyncio.ensure_future(_over(exchange, stop))
    try:
        yield over
    finally:
        over.cancel()


async def _over(exchange: Exchange, stop: asyncio.Event | None) -> None:
    waits: list[asyncio.Task[Any]] = [asyncio.ensure_future(hung_up(exchange.receive))]
    if stop is not None:
        waits.append(asyncio.ensure_future(stop.wait()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
