"""Every limit over HTTP: a stable code, the limit and the value in words, and what is allowed beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry
from structlog.testing import capture_logs

from bff.authoring import frontend, list_size, via
from bff.frontends.frontend import make_frontend
from bff.frontends.options import Options
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options as ServerOptions
from connectors.errors import UpstreamUnreachable
from tests.bff.fakes import AllReady, FakeUpstream, endpoint
from tests.serving import serving
from tests.waiting import GENEROUS

MANY = f"{{ {' '.join(f'a{i}: __typename' for i in range(51))} }}"
SECRET = "http://10.1.2.3:9001/hidden"


@strawberry.type
class Item:
    name: str = "thing"

    @strawberry.field
    def items(self, first: int = 10) -> list[Item]:
        return []


@strawberry.type
class Query:
    broken: int | None = via(endpoint("shop: broken"))

    @strawberry.field
    def item(self) -> Item:
        return Item()

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field(directives=[list_size(slicing=["first", "last"])])
    def sliced(self, first: int | None = None, last: int | None = None) -> list[Item]:
        return []

    @strawberry.field
    def big(self, size: int) -> str:
        return "x" * size

    @strawberry.field
    async def slow(self) -> int:
        await asyncio.sleep(3600)
        return 1

    @strawberry.field
    def wrong(self) -> int:
        raise RuntimeError(SECRET)

    @strawberry.field
    def null(self) -> int:
        return None  # type: ignore[return-value]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def growing(self) -> AsyncGenerator[str, None]:
        for size in (10, 5000, 20):
            yield "x" * size


SCHEMA = frontend(query=Query, subscription=Subscription)


@asynccontextmanager
async def served(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway with one frontend of these options."""
    app = make_frontend("app", Options.model_validate({"schema": "tests", **options}), SCHEMA)
    shop = FakeUpstream(lambda call: UpstreamUnreachable(call.operation, f"cannot reach {SECRET}"))
    gateway = Gateway({"app": app}, {"shop": shop}, request_timeout=GENEROUS, readiness=AllReady())
    async with (
        serving(http_app(lambda: gateway, ServerOptions()), ServerOptions()) as url,
        httpx.AsyncClient(base_url=url, timeout=GENEROUS, trust_env=False) as client,
    ):
        yield client


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> httpx.Response:
    accept = {"accept": "application/graphql-response+json"}
    return await client.post("/graphql/app", json={"query": query, "variables": variables}, headers=accept)


@pytest.mark.parametrize(
    ("limits", "allowed", "refused", "code", "told"),
    [
        (
            {"max_tokens": 10},
            "{ item { name } }",
            "{ item { name name name name name name } }",
            "TOO_MANY_TOKENS",
            "10",
        ),
        ({"max_depth": 2}, "{ item { name } }", "{ item { items { name } } }", "TOO_DEEP", "3 at most 2"),
        ({"max_fields": 3}, "{ item { name } }", "{ item { name name name } }", "TOO_MANY_FIELDS", "4 at most 3"),
        ({"max_aliases": 1}, "{ a: item { name } }", "{ a: item { b: name } }", "TOO_MANY_ALIASES", "2 at most 1"),
        ({}, "{ item { name } }", MANY, "TOO_MANY_ROOT_FIELDS", "51 at most 50"),
        (
            {"max_directives": 1},
            "{ item @skip(if: false) { name } }",
            "{ item @skip(if: false) { name @skip(if: false) } }",
            "TOO_MANY_DIRECTIVES",
            "2 at most 1",
        ),
        (
            {"max_cost": 11},
            "{ item { items { name } } }",
            "{ item { items { items { name } } } }",
            "TOO_COSTLY",
            "12 at most 11",
        ),
        (
            {"max_cost": 11},
            "{ item { name } }",
            "{ item { items(first: 1000000000) { items { name } } } }",
            "TOO_COSTLY",
            "1000000002 at most 11",
        ),
        ({"max_cost": 11}, "{ sliced(first: 1) { name } }", "{ sliced { name } }", "LIST_SIZE_NEEDED", "sliced has 0"),
        ({}, "{ item { name } }", "{ item { ...A } } fragment A on Item { items { ...A } }", "FRAGMENT_CYCLE", '"A"'),
    ],
)
async def test_a_document_past_a_limit(
    limits: dict[str, Any], allowed: str, refused: str, code: str, told: str
) -> None:
    """Refused with 400 before anything runs."""
    async with served(limits=limits) as client:
        assert (await ask(client, allowed)).status_code == 200
        response = await ask(client, refused)
        assert response.status_code == 400
        body = response.json()
        assert body["errors"][0]["extensions"] == {"code": code}
        assert all(word in body["errors"][0]["message"] for word in told.split())
        assert "data" not in body


async def test_variables_past_their_limit() -> None:
    """In bytes of JSON, asked for every request of one plan."""
    async with served(limits={"max_variables_size": "100B"}) as client:
        query = "query ($text: String!) { echo(text: $text) }"
        for length, status in ((80, 200), (200, 400), (89, 200), (90, 400)):
            response = await ask(client, query, text="x" * length)
            assert response.status_code == status
        error = response.json()["errors"][0]
        assert error["extensions"] == {"code": "VARIABLES_TOO_LARGE"}
        assert "101 bytes" in error["message"]
        assert "at most 100" in error["message"]


async def test_an_answer_past_its_limit() -> None:
    """It ran, so the status is 200; one event of a subscription is refused alone."""
    async with served(limits={"max_response_size": "2kB"}) as client:
        query = "query ($size: Int!) { big(size: $size) }"
        assert len((await ask(client, query, size=1900)).content) > 1900
        response = await ask(client, query, size=2000)
        assert response.status_code == 200
        assert response.json()["data"] is None
        error = response.json()["errors"][0]
        assert error["extensions"] == {"code": "RESPONSE_TOO_LARGE"}
        assert "2000" in error["message"]
        assert str(2000 + len('{"data":{"big":""}}')) in error["message"]
        sent = {"query": "subscription { growing }"}
        events = (await client.post("/graphql/app", json=sent, headers={"accept": "text/event-stream"})).text
        assert ["RESPONSE_TOO_LARGE" in event for event in events.split("\n\n")[:3]] == [False, True, False]


async def test_an_operation_past_its_time() -> None:
    """It is ended by the frontend's limit, long before the server's."""
    with capture_logs() as lines:
        async with served(limits={"timeout": "200ms"}) as client:
            response = await ask(client, "{ slow }")
    error = response.json()["errors"][0]
    assert error["extensions"] == {"code": "TIMEOUT", "requestId": response.headers["x-request-id"]}
    assert "0.2 seconds" in error["message"]
    assert [line["event"] for line in lines if line["event"] != "stopping"] == ["request_timeout"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("{ wrong }", "INTERNAL"), ("{ broken }", "UPSTREAM_UNREACHABLE"), ("{ null }", "UNEXPECTED_NULL")],
)
async def test_an_error_has_the_id_of_its_log_line_and_nothing_internal(query: str, code: str) -> None:
    """The same id as the response's header; one that the client gave is kept."""
    with capture_logs() as lines:
        async with served() as client:
            response = await client.post("/graphql/app", json={"query": query}, headers={"x-request-id": "from-client"})
    assert SECRET not in response.text
    assert "10.1.2.3" not in response.text
    assert response.json()["errors"][0]["extensions"] == {"code": code, "requestId": "from-client"}
    assert response.headers["x-request-id"] == "from-client"
    assert len([line for line in lines if line.get("request_id") == "from-client"]) == 1


async def test_an_error_of_the_client_is_not_logged_and_has_no_id() -> None:
    """There is nothing to find."""
    with capture_logs() as lines:
        async with served() as client:
            response = await ask(client, "{ nothing }")
    assert response.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert not [line for line in lines if line["event"] != "stopping"]


async def test_introspection_off() -> None:
    """The schema is refused, the name of a type is not."""
    async with served(introspection=False) as client:
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Item") { name } }'):
            response = await ask(client, query)
            assert response.status_code == 400
            assert response.json()["errors"][0]["extensions"] == {"code": "INTROSPECTION_DISABLED"}
        assert (await ask(client, "{ __typename item { __typename } }")).json()["data"]["item"] == {
            "__typename": "Item"
        }
