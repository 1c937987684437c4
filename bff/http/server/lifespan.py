"""ASGI's lifespan: opens the service with the server, closes it in the end, and tells streams that the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import structlog

from bff.http.asgi import Receive, Scope, Send

log = structlog.get_logger("bff.http")

Lifespan = Callable[[], AbstractAsyncContextManager[Any]]
_STOPPING = "bff.stopping"


async def live(scope: Scope, receive: Receive, send: Send, lifespan: Lifespan | None) -> None:
    """Enter `lifespan` when the server starts and leave it when the server stops."""
    if "state" in scope:  # servers hand this on to every request
        scope["state"][_STOPPING] = asyncio.Event()
    await receive()
    try:
        async with lifespan() if lifespan is not None else nullcontext():
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except Exception as error:
        log.exception("lifespan_failed")
        await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
        return
    await send({"type": "lifespan.shutdown.complete"})


def stopping(scope: Mapping[str, Any]) -> asyncio.Event | None:
    """Set when the server begins to stop; None on a server without lifespan state."""
    event: asyncio.Event | None = scope.get("state", {}).get(_STOPPING)
    return event


def announce_stop(state: Mapping[str, Any]) -> None:
    """Called by the server, with its lifespan state, when it begins to stop."""
    event: asyncio.Event | None = state.get(_STOPPING)
    if event is not None:
        event.set()
