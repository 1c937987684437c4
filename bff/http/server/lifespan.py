"""ASGI's lifespan: opens the service when the server starts and closes it when the server stops. Called by the door."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from bff.http.asgi import Receive, Scope, Send
from bff.http.extensions import add_stop_event
from bff.observability.logger import get_logger
from bff.observability.logs import flush_logs

log = get_logger("bff.http")

Lifespan = Callable[[], AbstractAsyncContextManager[Any]]


async def serve_lifespan(scope: Scope, receive: Receive, send: Send, lifespan: Lifespan | None) -> None:
    """Enter `lifespan` when the server starts and exit it when the server stops."""
    if "state" in scope:
        add_stop_event(scope["state"])
    await receive()
    try:
        async with lifespan() if lifespan is not None else nullcontext():
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except Exception as error:
        log.exception("lifespan_failed")
        await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
        return
    finally:
        flush_logs()  # a worker is ended by a signal, without a chance to do it at exit
    await send({"type": "lifespan.shutdown.complete"})
