"""Paths, methods, health, request ids, and what a client reads when something unexpected happens."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.http.world import FakeGateway, World, codes, open_world
from tests.serving import serving

BROWSER = {"accept": "text/html,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/graphql", "/graphql/", "/graphql/web", "/graphql/web/", "/graphql/%77eb"])
async def test_where_graphql_is(world: World, path: str) -> None:
    """With and without a frontend, with and without a slash."""
    assert (await world.post("{ hello }", path=path)).json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    "path", ["/", "/graphq", "/graphqlx", "/graphql/web/more", "/graphql//web", "/favicon.ico", "/graphiql"]
)
async def test_where_nothing_is(world: World, path: str) -> None:
    """The message says where something is."""
    answer = await world.client.get(world.url + path)
    assert (answer.status_code, codes(answer)) == (404, ["NOT_FOUND"])
    assert "/graphql/{frontend}" in answer.json()["errors"][0]["message"]


async def test_a_browser_is_shown_the_way(world: World) -> None:
    """From / to GraphiQL."""
    answer = await world.client.get(f"{world.url}/", headers=BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(world: World, method: str) -> None:
    """405 with Allow (RFC 9110, section 15.5.6)."""
    answer = await world.client.request(method, f"{world.url}/graphql")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_a_request_id_reaches_the_gateway_and_comes_back(world: World) -> None:
    """The same one."""
    for given in ("abc-1", "x" * 300, "a b"):
        answer = await world.client.post(
            f"{world.url}/graphql", json={"query": "{ hello }"}, headers={"x-request-id": given}
        )
        assert answer.headers["x-request-id"] == world.gateway.requests[-1].headers["x-request-id"]
    ids = [request.headers["x-request-id"] for request in world.gateway.requests]
    assert ids[0] == "abc-1"
    assert len(ids[1]) == len(ids[2]) == 32
    assert ids[1] != ids[2]


async def test_what_the_gateway_is_told(world: World) -> None:
    """Headers in lower case, repeats joined, the peer's address, and who is asked."""
    headers = [("X-Tag", "a"), ("x-tag", "b"), ("Cookie", "c=1"), ("cookie", "d=2"), ("X-Client", "phone")]
    body = {"query": "query A { hello }", "operationName": "A", "variables": {"n": 1}}
    await world.client.post(f"{world.url}/graphql", json=body, headers=headers)
    [request] = world.gateway.requests
    assert (request.frontend, request.client, request.no_mutations) == ("phone", "127.0.0.1", False)
    assert (request.query, request.operation_name, request.variables) == ("query A { hello }", "A", {"n": 1})
    assert (request.headers["x-tag"], request.headers["cookie"]) == ("a, b", "c=1; d=2")


async def test_the_unexpected_is_masked_and_logged(world: World) -> None:
    """The client reads a code and an id; the log has the story under that id."""
    world.gateway.result = RuntimeError("the password is hunter2")
    with capture_logs() as lines:
        answer = await world.post("{ hello }")
    assert (answer.status_code, codes(answer)) == (500, ["INTERNAL"])
    assert "hunter2" not in answer.text
    (line,) = lines
    assert line["event"] == "http_failed"
    assert "hunter2" in str(line)
    assert line["request_id"] == answer.headers["x-request-id"]


async def test_a_reload_needs_no_new_door() -> None:
    """Each request asks who answers now."""
    gateways = [FakeGateway(), FakeGateway()]
    app = http_app(lambda: gateways[0], Options())
    async with serving(app) as url, open_world() as world:
        await world.client.post(f"{url}/graphql", json={"query": "{ hello }"})
        first = gateways.pop(0)
        await world.client.post(f"{url}/graphql", json={"query": "{ hello }"})
        assert (len(first.requests), len(gateways[0].requests)) == (1, 1)


async def test_refusals_come_in_the_type_that_is_preferred(world: World) -> None:
    """JSON for those who accept neither."""
    for accept, media in (
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("text/event-stream", "application/json"),
        ("image/png", "application/json"),
    ):
        answer = await world.client.post(
            f"{world.url}/graphql", content=b"", headers={"accept": accept, "content-type": "application/json"}
        )
        assert answer.headers["content-type"] == f"{media}; charset=utf-8"


async def test_below_another_path() -> None:
    """Mounted behind a prefix, every link carries it."""
    door = http_app(lambda: FakeGateway(), Options())

    async def mounted(scope, receive, send) -> None:
        if scope["type"] != "lifespan":
            scope = {**scope, "root_path": "/shop", "path": "/shop" + scope["path"]}
        await door(scope, receive, send)

    async with serving(mounted) as url, open_world() as world:
        assert (await world.client.post(f"{url}/graphql/web", json={"query": "{ hello }"})).status_code == 200
        assert (await world.client.get(f"{url}/", headers=BROWSER)).headers["location"] == "/shop/graphql"
        page = (await world.client.get(f"{url}/graphql", headers=BROWSER)).text
        assert '"/shop/graphql/web"' in page
        assert 'src="/shop/graphiql/' in page
