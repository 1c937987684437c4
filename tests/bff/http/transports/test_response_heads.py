"""Status, headers and cookies that resolvers choose, over every transport and with both engines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest
import strawberry
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bff.authoring import cache_control, frontend
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from bff.http.transports.graphql_transport_ws import SUBPROTOCOL
from bff.upstreams import Upstreams
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit

_NUMBERS = count(1)
PARTS = "multipart/mixed;deferSpec=20220824, application/json"


@strawberry.type
class Part:
    name: str

    @strawberry.field
    async def late(self, info: strawberry.Info) -> str:
        await asyncio.sleep(0.02)
        info.context.response.headers["x-late"] = "1"
        return "late"


@strawberry.type
class Query:
    @strawberry.field(directives=[cache_control(60, scope="public")])
    async def token(self, info: strawberry.Info) -> str:
        await asyncio.sleep(0.05)
        number = str(next(_NUMBERS))
        info.context.response.set_cookie("token", number, max_age=60)
        return number

    @strawberry.field(directives=[cache_control(60, scope="public")])
    async def plain(self) -> str:
        return "plain"

    @strawberry.field
    async def total(self, info: strawberry.Info, n: int) -> int:
        info.context.response.headers["X-Total"] = str(n)
        info.context.response.headers.add("link", f"</{n}>; rel=next")
        return n

    @strawberry.field
    async def kept(self, info: strawberry.Info) -> int:
        info.context.response.headers["cache-control"] = "private, max-age=5"
        info.context.response.headers["vary"] = "x-tenant"
        return 1

    @strawberry.field
    async def part(self, info: strawberry.Info) -> Part:
        info.context.response.status = 202
        info.context.response.headers["x-part"] = "1"
        return Part(name="a")

    @strawberry.field
    async def wrong(self, info: strawberry.Info) -> str | None:
        info.context.response.headers["x-a"] = "b\r\nset-cookie: c=d"
        return "sent"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def sign_in(self, info: strawberry.Info, name: str) -> str:
        info.context.response.status = 201
        info.context.response.set_cookie("session", name, max_age=60, path="/shop", same_site="strict")
        info.context.response.delete_cookie("guest")
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: strawberry.Info) -> AsyncGenerator[int, None]:
        for number in range(3):
            info.context.response.headers["x-tick"] = "1"
            yield number


SCHEMA = frontend(query=Query, mutation=Mutation, subscription=Subscription)


@asynccontextmanager
async def open_world(engine: str) -> AsyncIterator[httpx.AsyncClient]:
    upstreams = Upstreams({})
    chosen = Options.model_validate(
        {
            "schema": "tests",
            "engine": engine,
            "batch": {"max_operations": 5},
            "incremental": True,
            "headers": {"set": {"x-total": "0"}},
        }
    )
    gateway = Gateway(
        {"web": make_frontend("web", chosen, SCHEMA)}, upstreams, request_timeout=GENEROUS, readiness=upstreams
    )
    async with (
        serving(http_app(lambda: gateway, ServerOptions())) as url,
        httpx.AsyncClient(
            base_url=url, timeout=GENEROUS, trust_env=False, limits=httpx.Limits(max_connections=100)
        ) as client,
    ):
        yield client


@pytest.fixture(params=["compiled", "reference"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with open_world(request.param) as client:
        yield client


async def post(client: httpx.AsyncClient, query: str, accept: str = "application/json") -> httpx.Response:
    return await client.post("/graphql/web", json={"query": query}, headers={"accept": accept})


SESSION = "session=ada; Max-Age=60; Path=/shop; Secure; HttpOnly; SameSite=Strict"
GUEST = "guest=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json", "text/event-stream"])
async def test_a_mutation_sets_cookies_and_status(client: httpx.AsyncClient, accept: str) -> None:
    """In a whole response of either media type, and before the first event."""
    response = await post(client, 'mutation { signIn(name: "ada") }', accept)
    assert response.status_code == 201
    assert response.headers.get_list("set-cookie") == [SESSION, GUEST]
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert '{"signIn":"ada"}' in response.text


async def test_values_are_several_lines(client: httpx.AsyncClient) -> None:
    """`add` adds a line, an assignment replaces, also the header that the frontend sends with all responses."""
    response = await post(client, "{ a: total(n: 1) b: total(n: 2) }")
    assert response.headers.get_list("x-total") == ["2"]
    assert response.headers.get_list("link") == ["</1>; rel=next", "</2>; rel=next"]
    assert (await post(client, "{ plain }")).headers["x-total"] == "0"


async def test_get_is_not_cached_with_a_cookie(client: httpx.AsyncClient) -> None:
    """Though the schema says that the field is the same for everyone."""
    plain = await client.get("/graphql/web", params={"query": "{ plain }"})
    assert plain.headers["cache-control"] == "public, max-age=60"
    response = await client.get("/graphql/web", params={"query": "{ token }"})
    assert response.headers.get_list("cache-control") == ["no-store"]
    assert "etag" not in response.headers
    assert response.headers["set-cookie"].startswith("token=")


async def test_a_resolver_decides_on_caches(client: httpx.AsyncClient) -> None:
    """Its Cache-Control is sent, its Vary joins those of the gateway."""
    response = await client.get("/graphql/web", params={"query": "{ kept }"})
    assert response.headers.get_list("cache-control") == ["private, max-age=5"]
    assert {"x-tenant", "accept"} <= {each.strip() for each in response.headers["vary"].split(",")}


async def test_callers_never_get_the_cookies_of_others(client: httpx.AsyncClient) -> None:
    """Fifty equal queries at the same time, twice: each has a cookie of its own, which is that of its data."""
    for _ in range(2):
        responses = await asyncio.gather(*(post(client, "{ token }") for _ in range(50)))
        tokens = [response.json()["data"]["token"] for response in responses]
        assert len(set(tokens)) == 50
        assert [response.headers["set-cookie"].partition(";")[0] for response in responses] == [
            f"token={each}" for each in tokens
        ]


async def test_a_batch_has_the_headers_of_all(client: httpx.AsyncClient) -> None:
    """In the order of its operations; its status stays 200, with a line in the log."""
    batch = [{"query": f'mutation {{ signIn(name: "{name}") }}'} for name in ("ada", "bob")]
    with capture_logs() as lines:
        response = await client.post("/graphql/web", json=[*batch, {"query": "{ plain }"}])
    assert response.status_code == 200
    sessions = [each for each in response.headers.get_list("set-cookie") if each.startswith("session")]
    assert [each.partition(";")[0] for each in sessions] == ["session=ada", "session=bob"]
    assert response.headers["cache-control"] == "no-store"
    assert [line["status"] for line in lines if line["event"] == "response_status_ignored"] == [201, 201]


async def test_parts_have_the_headers_of_the_first(client: httpx.AsyncClient) -> None:
    """What a deferred resolver sets is too late, with one line in the log."""
    with capture_logs() as lines:
        response = await post(client, "{ part { name ... @defer { late } } }", PARTS)
    assert response.status_code == 202
    assert response.headers["x-part"] == "1"
    assert "x-late" not in response.headers
    assert '"late":"late"' in response.text
    ignored = [line for line in lines if line["event"] == "response_head_ignored"]
    assert [(line["reason"], line["headers"]) for line in ignored] == [("deferred", ["x-late", "x-part"])]


@pytest.mark.parametrize("query", ['mutation { signIn(name: "ada") }', "subscription { ticks }"])
async def test_websockets_ignore_it_with_one_line(client: httpx.AsyncClient, query: str) -> None:
    """The handshake is over. The events come."""
    url = str(client.base_url).replace("http", "ws", 1).rstrip("/") + "/graphql/web"
    with capture_logs() as lines:
        async with time_limit(), connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], proxy=None) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
            types: list[Any] = []
            while not {"complete", "error"} & set(types):
                types.append(json.loads(await socket.recv())["type"])
    assert "next" in types
    ignored = [line for line in lines if line["event"] == "response_head_ignored"]
    assert len(ignored) == 1
    assert "ada" not in str(ignored)
    assert ignored[0]["request_id"]


async def test_what_cannot_be_sent_is_an_error_of_the_field(client: httpx.AsyncClient) -> None:
    """Nothing of it is in the response."""
    response = await post(client, "{ wrong }")
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "x-a" not in response.headers
    assert "set-cookie" not in response.headers
