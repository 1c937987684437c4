"""Bad input meets a clear answer: a 4xx or a coded error, never a 500, a hang or a traceback."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest
import strawberry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bff.authoring import frontend
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.fakes import gateway
from tests.serving import serving
from tests.waiting import GENEROUS


@strawberry.type
class Query:
    @strawberry.field
    def echo(self, text: str = "", number: int = 0) -> str:
        return f"{text}{number}"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


JSON = {"content-type": "application/json"}


@pytest.fixture
async def url():
    made = gateway(frontend(query=Query, mutation=Mutation))
    async with serving(http_app(lambda: made, Options(max_body_size=1_000_000))) as address:
        yield f"{address}/graphql/app"


@pytest.fixture
async def client():
    async with httpx.AsyncClient(timeout=GENEROUS) as made:
        yield made


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EMPTY_BODY"),
        (b"   ", 400, "EMPTY_BODY"),
        (b"{", 400, "INVALID_JSON"),
        (b'{"query": "{ echo }",}', 400, "INVALID_JSON"),
        (b"\xff\xfe{}", 400, "INVALID_UTF8"),
        (b'{"query": "\xc3\x28"}', 400, "INVALID_UTF8"),
        (b"[]", 400, "BATCHING_DISABLED"),
        (b'[{"query": "{ echo }"}]', 400, "BATCHING_DISABLED"),
        (b'"text"', 400, "BAD_REQUEST"),
        (b"null", 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 7}', 400, "BAD_REQUEST"),
        (b'{"query": "{ echo }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{ echo }", "variables": "x"}', 400, "BAD_REQUEST"),
        (b'{"query": "{ echo }", "operationName": 1}', 400, "BAD_REQUEST"),
        (b'{"query": "{ echo }", "extensions": 1}', 400, "BAD_REQUEST"),
        (
            b'{"query": "{ echo }", "variables": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
            400,
            "INVALID_JSON",
        ),
        (b'{"query": "{ echo }", "variables": {"n": ' + b"9" * 100_000 + b"}}", 400, "INVALID_JSON"),
        (b'{"query": "{ nope }"}', 200, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "{ echo(number: \\"x\\") }"}', 200, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "query ($n: Int!) { echo(number: $n) }", "variables": {"n": "x"}}', 200, "BAD_USER_INPUT"),
        (b'{"query": "{ echo "}', 200, "GRAPHQL_PARSE_FAILED"),
        (b"x" * 10_000_000, 413, "BODY_TOO_LARGE"),
    ],
)
async def test_bodies(url: str, client: httpx.AsyncClient, body: bytes, status: int, code: str) -> None:
    """Each mistake has its status and its code."""
    response = await client.post(url, content=body, headers=JSON)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, code)
    assert "data" not in response.json()
    assert "Traceback" not in response.text


async def test_a_body_without_a_length_is_bounded_too(url: str, client: httpx.AsyncClient) -> None:
    """Chunks are counted as they come."""

    async def chunks():
        for _ in range(300):
            yield b"x" * 10_000

    response = await client.post(url, content=chunks(), headers=JSON)
    assert response.status_code == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_simple_content_types_are_refused(url: str, client: httpx.AsyncClient, content_type: str) -> None:
    """What a form of another site can send never runs."""
    response = await client.post(
        url, content=b'{"query": "mutation { change }"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415
    assert response.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


async def test_methods_and_paths(url: str, client: httpx.AsyncClient) -> None:
    """What would have worked is said."""
    wrong = await client.patch(url, content=b"{}")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    nowhere = await client.get(url.replace("/graphql/app", "/grapql"))
    assert nowhere.status_code == 404
    assert "/graphql" in nowhere.json()["errors"][0]["message"]
    unknown = await client.post(url.replace("app", "phone"), json={"query": "{ echo }"})
    assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]["code"]) == (404, "UNKNOWN_FRONTEND")


async def test_get_asks_and_never_changes(url: str, client: httpx.AsyncClient) -> None:
    """Queries with variables work over GET, mutations are refused whatever is accepted."""
    query = "query ($t: String!) { echo(text: $t) }"
    asked = await client.get(url, params={"query": query, "variables": json.dumps({"t": "hi"})})
    assert asked.json() == {"data": {"echo": "hi0"}}
    for accept in ("application/json", "text/event-stream"):
        changed = await client.get(url, params={"query": "mutation { change }"}, headers={"accept": accept})
        assert changed.status_code == 405


@pytest.mark.parametrize(
    ("accept", "media", "status"),
    [
        ("", "application/json", 200),
        ("*/*", "application/json", 200),
        ("application/json", "application/json", 200),
        ("application/graphql-response+json", "application/graphql-response+json", 400),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json", 400),
        ("application/json;q=0.2, application/graphql-response+json;q=0.1", "application/json", 200),
        ("text/event-stream, application/json", "application/json", 200),
    ],
)
async def test_the_media_type_is_negotiated(
    url: str, client: httpx.AsyncClient, accept: str, media: str, status: int
) -> None:
    """And decides the status of a document that does not fit (GraphQL over HTTP, section 6.4)."""
    response = await client.post(url, json={"query": "{ nope }"}, headers={"accept": accept})
    assert response.headers["content-type"] == f"{media}; charset=utf-8"
    assert response.status_code == status


async def test_an_answer_nobody_accepts_is_refused(url: str, client: httpx.AsyncClient) -> None:
    """406, with what would work."""
    response = await client.post(url, json={"query": "{ echo }"}, headers={"accept": "image/png"})
    assert response.status_code == 406
    assert "application/json" in response.json()["errors"][0]["message"]


async def test_a_request_id_comes_back(url: str, client: httpx.AsyncClient) -> None:
    """The caller's own when it is sane, else a new one."""
    sane = await client.post(url, json={"query": "{ echo }"}, headers={"x-request-id": "abc-1"})
    insane = await client.post(url, json={"query": "{ echo }"}, headers={"x-request-id": "a b<script>"})
    assert sane.headers["x-request-id"] == "abc-1"
    assert len(insane.headers["x-request-id"]) == 32


async def test_a_big_query_does_not_hold_back_others(url: str, client: httpx.AsyncClient) -> None:
    """A document at the limits is refused quickly; whoever asks meanwhile hardly waits."""
    bomb = "{ " + " ".join(f"a{number}: echo" for number in range(100_000)) + " }"
    began = time.process_time()
    big = asyncio.create_task(client.post(url, json={"query": bomb[:900_000]}))
    small = await client.post(url, json={"query": "{ echo }"})
    assert small.json() == {"data": {"echo": "0"}}
    await big
    assert time.process_time() - began < 5


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.text() | st.floats() | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["query", "variables", "operationName", "x"]), inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
async def test_no_body_is_a_server_error(url: str, client: httpx.AsyncClient, body: bytes) -> None:
    """Whatever is sent."""
    response = await client.post(url, content=body, headers=JSON)
    assert response.status_code in {200, 400}
    assert response.json()["errors"][0]["extensions"]["code"]
