"""The whole shop on real sockets: six upstreams, the gateway, and a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from bff.app import Project, Service, load_project
from demo.shop import Shop, open_shop
from tests.serving import serving
from tests.waiting import GENEROUS

ROOT = Path(__file__).parent.parent.parent
KEY = {"x-api-key": "demo-partner-key"}


@dataclass(slots=True)
class World:
    """What a test needs."""

    url: str
    shop: Shop
    service: Service
    client: httpx.AsyncClient

    async def ask(
        self, query: str, frontend: str = "web", variables: Mapping[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """POST a query to a frontend."""
        body = {"query": query, "variables": dict(variables or {})}
        return await self.client.post(f"{self.url}/graphql/{frontend}", json=body, headers={**KEY, **headers})

    def forget_calls(self) -> None:
        """Start counting upstream calls anew."""
        for control in self.shop.controls.values():
            control.reset()


def with_timeouts(project: Project, timeouts: Mapping[str, float]) -> Project:
    """The project with other timeouts."""
    settings = project.settings
    upstreams = {
        name: replace(each, policies=each.policies.model_copy(update={"timeout": timeouts.get(name, GENEROUS)}))
        for name, each in settings.upstreams.items()
    }
    server = settings.server.model_copy(update={"request_timeout": GENEROUS})
    return replace(project, settings=replace(settings, upstreams=upstreams, server=server))


@asynccontextmanager
async def shop_world(timeouts: Mapping[str, float] | None = None, **environment: str) -> AsyncIterator[World]:
    """Everything running. More variables for bff.yaml replace the shop's own addresses.

    `timeouts` are of upstreams, in seconds. All others, and the one of requests, are longer than bff.yaml's, so that
    only what hangs meets them: gateway, upstreams and client share one process of a machine that may be busy.
    """
    async with open_shop(tick=0.1) as shop:
        project = load_project(ROOT / "bff.yaml", {**shop.addresses, **environment})
        service = Service(with_timeouts(project, timeouts or {}))
        async with serving(service.asgi) as url, httpx.AsyncClient(timeout=GENEROUS) as client:
            world = World(url, shop, service, client)
            world.forget_calls()
            yield world
