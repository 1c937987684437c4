"""The gateway as an ASGI application for other servers, and mounted in other applications: `bff.asgi("bff.yaml")`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bff.app import Service, load_project
from bff.observability.logger import get_logger
from connectors.contract import Connector

log = get_logger("bff.embedding")


def asgi(
    config: str | Path = "bff.yaml",
    *,
    environment: Mapping[str, str] | None = None,
    connectors: Mapping[str, Connector] | None = None,
) -> EmbeddedGateway:
    """The application of a bff.yaml: `uvicorn module:app`, or `Mount("/api", app=asgi("bff.yaml"))`.

    `environment` replaces the process's variables, `connectors` replaces upstreams, as in tests.
    Raises ConfigError or SchemaError with every problem.
    """
    return EmbeddedGateway(Service(load_project(Path(config), environment), connectors=connectors))


class EmbeddedGateway:
    """Opens with the server's lifespan or, where an application that mounts it sends none, with the first request.

    In the second case its owner closes it: `await app.close()`.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._lock = asyncio.Lock()
        self._opened = AsyncExitStack()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] != "lifespan" and not self.service.is_open:
            await self._open()
        await self.service.asgi(scope, receive, send)

    async def close(self) -> None:
        """Close what the first request opened."""
        await self._opened.aclose()

    async def _open(self) -> None:
        async with self._lock:
            if not self.service.is_open:
                advice = "run the gateway's lifespan with that of the application, or await close() at its end"
                log.warning("opened_without_lifespan", advice=advice)
                await self._opened.enter_async_context(self.service.running())
