"""Two frontends over one REST upstream, on real sockets. The upstream answers with the identity that it was shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import strawberry
from strawberry.types import Info

from bff.authoring import frontend
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from bff.policies.outbound.options import Options as Policies
from bff.upstreams import Upstreams, UpstreamSettings
from connectors import rest
from connectors.kinds import options_of
from tests.serving import serving
from tests.waiting import GENEROUS

SHOWN = ("authorization", "cookie", "x-tenant")
"""Headers that the upstream is sent."""

shop = rest("shop")
me = shop.get("/me")
said = shop.get("/said?text={text}")
item = shop.get("/items/{id}", many="/items?id={id}", key="id")
buy = shop.post("/buy")
peek = shop.post("/peek")


@strawberry.type
class Item:
    id: int
    seen: str


@strawberry.type
class Query:
    @strawberry.field
    async def me(self) -> str:
        return str((await me()).data["seen"])

    @strawberry.field
    async def said(self, text: str) -> str:
        return str((await said(text=text)).data["seen"])

    @strawberry.field
    async def seen(self, info: Info, header: str) -> str:
        """What a resolver sees for itself, after the upstream has been asked."""
        await me()
        return f"{info.context.headers.get(header)} {info.context.client}"

    @strawberry.field
    async def item(self, id: int) -> Item | None:
        return (await item(id=id)).into(Item | None)

    @strawberry.field
    async def items(self, ids: list[int]) -> list[Item]:
        replies = await asyncio.gather(*(item(id=each) for each in ids))
        return [reply.into(Item) for reply in replies]

    @strawberry.field
    async def peek(self) -> str:
        return str((await peek()).data["seen"])

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError((await me()).data["seen"])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def buy(self) -> str:
        return str((await buy()).data["seen"])


SCHEMA = frontend(query=Query, mutation=Mutation)


class Upstream:
    """Remembers what it is asked, answers after `delay` seconds, and counts the callers that hang up."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone = 0
        self.delay = 0.25

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path, query = scope["path"], scope["query_string"].decode()
        self.asked.append(f"{scope['method']} {path}{f'?{query}' if query else ''}")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        seen = "|".join(headers.get(name, "-") for name in SHOWN)
        await self._pause(receive)
        body: Any = {"seen": f"{seen} {query}" if path == "/said" else seen}
        if path.startswith("/items"):
            ids = [int(each) for each in parse_qs(query).get("id", [])] or [int(path.rpartition("/")[2])]
            records = [{"id": each, "seen": seen} for each in ids]
            body = records if path == "/items" else records[0]
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    async def _pause(self, receive: Any) -> None:
        gone = asyncio.ensure_future(_hung_up(receive))
        done, _ = await asyncio.wait([gone], timeout=self.delay)
        self.gone += len(done)
        gone.cancel()


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class World:
    """What a test needs."""

    def __init__(self, upstream: Upstream, url: str, client: httpx.AsyncClient) -> None:
        self.upstream, self.url, self.client = upstream, url, client

    async def ask(
        self, query: str, to: str = "mobile", variables: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        """The body of the answer."""
        body = {"query": query, "variables": variables}
        return (await self.client.post(f"{self.url}/graphql/{to}", json=body, headers=headers)).json()


@asynccontextmanager
async def sharing_world(
    options: dict[str, Any] | None = None,
    policies: dict[str, Any] | None = None,
    connector: dict[str, Any] | None = None,
) -> AsyncIterator[World]:
    """Options of both frontends, of the upstream's policies and of its connector, as bff.yaml has them."""
    upstream = Upstream()
    async with serving(upstream) as address:
        settings = UpstreamSettings(
            name="shop",
            kind="rest",
            connector=options_of("rest").model_validate({"address": address, **(connector or {})}),
            policies=Policies.model_validate({"forward": SHOWN, **(policies or {})}),
        )
        upstreams = Upstreams({"shop": settings})
        chosen = Options.model_validate({"schema": "tests", **(options or {})})
        frontends = {name: make_frontend(name, chosen, SCHEMA) for name in ("mobile", "web")}
        gateway = Gateway(frontends, upstreams, request_timeout=GENEROUS, readiness=upstreams)
        async with (
            serving(http_app(lambda: gateway, ServerOptions())) as url,
            httpx.AsyncClient(timeout=GENEROUS, limits=httpx.Limits(max_connections=200)) as client,
        ):
            try:
                yield World(upstream, url, client)
            finally:
                await gateway.close()
                await upstreams.close()
