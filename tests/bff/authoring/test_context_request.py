"""`info.context.request`, over real sockets."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.permission import BasePermission
from websockets.asyncio.client import connect

from bff.authoring import Context, frontend
from bff.authoring.context_request import ContextRequest
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as HttpOptions
from tests.bff.fakes import AllReady
from tests.bff.http.transports.test_graphql_transport_ws import INIT, Client, subscribe
from tests.serving import serving
from tests.waiting import GENEROUS


class HasKey(BasePermission):
    """As written for other servers."""

    message = "no key"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return info.context["request"].headers.get("X-Key") == "1"


@strawberry.type
class Query:
    """What resolvers see."""

    @strawberry.field(permission_classes=[HasKey])
    def seen(self, info: strawberry.Info[Context]) -> list[str]:
        request = info.context.request
        host = request.client.host if request.client else ""
        return [request.method, request.url.path, request.url.query, host, request.cookies.get("a", "")]


seen_by_extension: list[str] = []


class Noting(SchemaExtension):
    """Looks where strawberry's own extensions look."""

    def on_operation(self) -> Any:
        seen_by_extension.append(self.execution_context.context.request.headers["X-Key"])
        yield


def gateway(*, extensions: bool = False) -> Gateway:
    schema = frontend(query=Query, extensions=[Noting] if extensions else [])
    made = make_frontend("web", Options.model_validate({"schema": "tests", "default": True}), schema)
    return Gateway({"web": made}, {}, request_timeout=GENEROUS, readiness=AllReady())


HEADERS = {"x-key": "1", "cookie": 'a="b"; c'}


@pytest.mark.parametrize("extensions", [False, True])
async def test_what_resolvers_see_over_http(extensions: bool) -> None:
    """Of POST and GET; the permission class reads a header in any case."""
    options = HttpOptions()
    made = gateway(extensions=extensions)
    async with (
        serving(http_app(lambda: made, options), options) as url,
        httpx.AsyncClient(headers=HEADERS, timeout=GENEROUS, trust_env=False) as client,
    ):
        posted = await client.post(url + "/graphql", json={"query": "{ seen }"})
        got = await client.get(url + "/graphql/web", params={"query": "{ seen }"})
        refused = await client.post(url + "/graphql", json={"query": "{ seen }"}, headers={"x-key": "2"})
    assert posted.json() == {"data": {"seen": ["POST", "/graphql", "", "127.0.0.1", "b"]}}
    assert got.json() == {"data": {"seen": ["GET", "/graphql/web", str(got.url.query, "ascii"), "127.0.0.1", "b"]}}
    assert refused.json()["errors"][0]["message"] == "no key"
    if extensions:
        assert seen_by_extension[-3:] == ["1", "1", "2"]


async def test_what_resolvers_see_over_a_websocket() -> None:
    """The handshake is a GET."""
    options = HttpOptions()
    made = gateway()
    async with serving(http_app(lambda: made, options), options) as url:
        address = url.replace("http", "ws") + "/graphql"
        async with connect(
            address, subprotocols=["graphql-transport-ws"], proxy=None, additional_headers=HEADERS
        ) as socket:
            client = Client(socket)
            await client.say(INIT, subscribe("1", "{ seen }"))
            await client.hear()
            message = await client.hear()
    assert message["payload"] == {"data": {"seen": ["GET", "/graphql", "", "127.0.0.1", "b"]}}


def test_a_request_without_http() -> None:
    """In tests and in graphql-core's own executor."""
    context = Context(headers={"host": "shop.example"}, state={"mine": 1})
    assert context["request"].url == "http://shop.example/graphql"
    assert (context["request"].method, context["request"].client) == ("POST", None)
    assert (context["mine"], context.get("mine"), context.get("none", 2)) == (1, 1, 2)
    with pytest.raises(KeyError):
        context["none"]


def test_the_parts_of_a_request() -> None:
    """With the names that Starlette has."""
    scope = {"method": "GET", "scheme": "https", "path": "/a", "query_string": b"x=1&x=%32"}
    request = ContextRequest({"host": "h:8", "x": "secret"}, "10.0.0.1", scope)
    assert request.url == "https://h:8/a?x=1&x=%32"
    assert (request.url.scheme, request.url.hostname) == ("https", "h")
    assert request.query_params == {"x": "2"}
    assert dict(request.headers) == {"host": "h:8", "x": "secret"}
    assert len(request.headers) == 2
    assert "secret" not in repr(request.headers)
