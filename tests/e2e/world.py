"""The whole shop on real sockets: six upstreams, the gateway, and a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bff.app import Service, load_project
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


@asynccontextmanager
async def shop_world(**environment: str) -> AsyncIterator[World]:
    """Everything running. More variables for bff.yaml replace the shop's own addresses."""
    async with open_shop(tick=0.1) as shop:
        project = load_project(ROOT / "bff.yaml", {**shop.addresses, **environment})
        service = Service(project)
        async with serving(service.asgi) as url, httpx.AsyncClient(timeout=GENEROUS) as client:
            world = World(url, shop, service, client)
            world.forget_calls()
            yield world
