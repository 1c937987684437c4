"""Serve an ASGI app on a real socket of this machine, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import uvicorn

from bff.http.asgi import App
from bff.http.options import Options, Timeouts
from bff.http.server.run import config, listen


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(
    app: App, options: Options | None = None, timeouts: Timeouts | None = None, graceful_stop: int = 1
) -> AsyncIterator[str]:
    """The app's base URL while it is served; as `bff serve` does, on a free port."""
    chosen = (options or Options()).model_copy(update={"port": 0})
    listening = listen(chosen)
    settings = config(app, chosen, timeouts)
    settings.timeout_graceful_shutdown = graceful_stop
    server = _Quiet(settings)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not running.done():
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
