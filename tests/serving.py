"""Serve an ASGI app on a real socket of this machine, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from bff.http.asgi import App
from bff.http.options import Options, Timeouts
from bff.http.server.run import listen, make_server


@contextlib.asynccontextmanager
async def serving(
    app: App, options: Options | None = None, timeouts: Timeouts | None = None, graceful_stop: float = 1
) -> AsyncIterator[str]:
    """The app's base URL while it is served; as `bff serve` does, on a free port, without its signal handlers."""
    chosen = (options or Options()).model_copy(update={"port": 0, "grace_period": graceful_stop})
    listening = listen(chosen)
    server = make_server(app, chosen, replace(timeouts or Timeouts(), idle_at_stop=0.01, linger=0.5))
    running = asyncio.create_task(server._serve(sockets=[listening]))
    while not server.started and not running.done():
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.stop()
        await running
