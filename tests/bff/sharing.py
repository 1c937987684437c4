"""Two frontends over one REST upstream, on real sockets. The upstream answers with the identity that it was shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import strawberry
from strawberry.types import Info

from bff.authoring import frontend
from bff.contract import Request
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from bff.policies.outbound.options import Options as Policies
from bff.upstreams import Upstreams, UpstreamSettings
from connectors import rest
from connectors.kinds import load_options
from tests.serving import serving
from tests.waiting import GENEROUS, idle, until

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
    """Remembers what it is asked, and counts the callers that hang up.

    It answers when every request under way has come as far as it can, or as `holds` says.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gone = 0
        self.holds: asyncio.Event | None = None
        """Set to an event, answers wait for it."""
        self.all_came: Callable[[], Awaitable[object]] = idle

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
        until = asyncio.ensure_future(self.holds.wait() if self.holds else self.all_came())
        await asyncio.wait([gone, until], return_when=asyncio.FIRST_COMPLETED)
        self.gone += gone.done()
        gone.cancel()
        until.cancel()


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class World:
    """What a test needs."""

    def __init__(self, upstream: Upstream, gateway: Gateway, url: str, client: httpx.AsyncClient) -> None:
        self.upstream, self.gateway, self.url, self.client = upstream, gateway, url, client
        self.sent = self.came = 0
        """Requests that clients sent, and that came to the gateway."""

    async def note_sent(self, _: object) -> None:
        """A hook of httpx."""
        self.sent += 1

    async def answer(self, request: Request) -> Any:
        """The gateway's, counted."""
        self.came += 1
        return await self._answer(request)

    def count_requests(self) -> None:
        """Put `answer` before the gateway's."""
        self._answer = self.gateway.answer
        self.gateway.answer = self.answer  # type: ignore[method-assign]

    async def all_came(self) -> None:
        """Every request is at the gateway, and has come as far as it can."""
        await until(lambda: self.came >= self.sent)
        await idle()

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
    window: float | None = None,
) -> AsyncIterator[World]:
    """Options of both frontends, of the upstream's policies and of its connector, as bff.yaml has them.

    `window` may be longer than bff.yaml allows.
    """
    upstream = Upstream()
    chosen_policies = Policies.model_validate({"forward": SHOWN, "timeout": GENEROUS, **(policies or {})})
    if window is not None:
        chosen_policies = chosen_policies.model_copy(update={"batch_window": window})
    async with serving(upstream) as address:
        settings = UpstreamSettings(
            name="shop",
            kind="rest",
            connector=load_options("rest").model_validate({"address": address, **(connector or {})}),
            policies=chosen_policies,
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
                world = World(upstream, gateway, url, client)
                world.count_requests()
                client.event_hooks = {"request": [world.note_sent]}
                upstream.all_came = world.all_came
                yield world
            finally:
                await gateway.close()
                await upstreams.close()
