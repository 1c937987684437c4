"""Items sent one by one to a client that may disconnect, with heartbeats in silence. Used by long responses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bff.http.asgi import Exchange, wait_for_disconnect

T = TypeVar("T")


async def add_heartbeats(
    items: AsyncGenerator[T, None], end: asyncio.Task[None], interval: float | None
) -> AsyncGenerator[T | None, None]:
    """The items until they or `end` are done, and None after each `interval` of silence, in seconds.

    The next item is requested when the last one is dealt with, however slowly the client reads it.
    """
    while True:
        coming = asyncio.ensure_future(anext(items, None))
        waits: set[asyncio.Task[Any]] = {coming, end}
        try:
            while not coming.done() and not end.done():
                done, _ = await asyncio.wait(waits, timeout=interval, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    yield None
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
        item = None if coming.cancelled() else coming.result()
        if item is None or end.done():
            return
        yield item


@asynccontextmanager
async def watch_for_end(exchange: Exchange, *, also_at_stop: bool) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is done when the client disconnects or, with `also_at_stop`, when the server begins to stop."""
    stop = exchange.stop_event if also_at_stop else None
    end = asyncio.ensure_future(_wait_for_end(exchange, stop))
    try:
        yield end
    finally:
        end.cancel()


async def _wait_for_end(exchange: Exchange, stop: asyncio.Event | None) -> None:
    waits: list[asyncio.Task[Any]] = [asyncio.ensure_future(wait_for_disconnect(exchange.receive))]
    if stop is not None:
        waits.append(asyncio.ensure_future(stop.wait()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
