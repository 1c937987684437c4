"""A frontend with API keys lets nobody in without one, by whichever way a request comes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bff.authoring import frontend
from bff.contract import Answer, Refused, Request
from bff.gateway.gateway import Gateway
from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.fakes import gateway
from tests.serving import serving

KEY = {"x-api-key": "right"}
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"x-api-key": ""},
    {"x-api-key": "wrong"},
    {"x-api-key": "rightly"},
    {"authorization": "right"},
)
"""None of these is a key."""
QUERY = {"query": "{ hello }"}
COUNT = {"query": "subscription { count }"}
PREFLIGHTED = {"apollo-require-preflight": "true"}


def code_for(headers: Mapping[str, str]) -> str:
    """A wrong key is told apart from none."""
    return "INVALID_CREDENTIAL" if headers.get("x-api-key") else "UNAUTHENTICATED"


RAN: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        RAN.append("hello")
        return "world"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self) -> AsyncGenerator[int, None]:
        RAN.append("count")
        yield 1


SCHEMA = frontend(query=Query, subscription=Subscription)


def closed(**options: Any) -> Gateway:
    """A gateway whose one frontend has two keys."""
    match = {"match": {"api_key": {"keys": ["left", "right"]}}}
    return gateway(SCHEMA, options={**match, "batch": {}, "upload": {}, "incremental": True, **options})


Client = httpx.AsyncClient
Way = Callable[[Client, str, dict[str, str]], Awaitable[Any]]
"""Sends one operation with these headers, and gives what came back as JSON, status first where it is HTTP's."""


async def _post(client: Client, url: str, headers: dict[str, str]) -> Any:
    response = await client.post(url, json=QUERY, headers=headers)
    return response.status_code, response.json()


async def _get(client: Client, url: str, headers: dict[str, str]) -> Any:
    response = await client.get(url, params=QUERY, headers=headers)
    return response.status_code, response.json()


async def _batch(client: Client, url: str, headers: dict[str, str]) -> Any:
    response = await client.post(url, json=[QUERY, QUERY], headers=headers)
    told = response.json()
    return response.status_code, told[0] if isinstance(told, list) else told


async def _upload(client: Client, url: str, headers: dict[str, str]) -> Any:
    texts = {
        "operations": json.dumps({**QUERY, "variables": {"file": None}}),
        "map": json.dumps({"0": ["variables.file"]}),
    }
    files = {"0": ("a.txt", b"x")}
    response = await client.post(url, data=texts, files=files, headers={**headers, **PREFLIGHTED})
    return response.status_code, response.json()


async def _sse(client: Client, url: str, headers: dict[str, str]) -> Any:
    response = await client.post(url, json=COUNT, headers={**headers, "accept": "text/event-stream"})
    return response.status_code, _first(response)


async def _multipart(client: Client, url: str, headers: dict[str, str]) -> Any:
    accept = {"accept": 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json'}
    response = await client.post(url, json=COUNT, headers={**headers, **accept})
    return response.status_code, _first(response)


async def _single_connection(client: Client, url: str, headers: dict[str, str]) -> Any:
    response = await client.put(url, headers=headers)
    if response.status_code != 201:
        return response.status_code, response.json()
    body = {**QUERY, "extensions": {"operationId": "1"}}
    token = {"x-graphql-event-stream-token": response.text}
    assert (await client.post(url, json=body, headers={**headers, **token})).status_code == 202
    async with client.stream("GET", url, headers={**headers, **token}) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data: ") and "payload" in line:
                return 200, json.loads(line[6:])["payload"]
    raise AssertionError("the stream ended")


def _websocket(protocol: str, kind: str) -> Way:
    async def ask(client: Client, url: str, headers: dict[str, str]) -> Any:
        """As browsers do: with the headers in the payload of connection_init."""
        address = url.replace("http", "ws", 1)
        async with connect(address, subprotocols=[Subprotocol(protocol)], proxy=None) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": headers}))
            await socket.send(json.dumps({"id": "1", "type": kind, "payload": QUERY}))
            async for text in socket:
                message = json.loads(text)
                if "id" in message:
                    payload = message["payload"]
                    if message["type"] == "error":
                        payload = {"errors": payload if isinstance(payload, list) else payload["errors"]}
                    return None, payload
        raise AssertionError("the socket was closed")

    return ask


def _first(response: httpx.Response) -> Any:
    """The one answer, or the first of the events."""
    line = next(line.removeprefix("data: ") for line in response.text.splitlines() if '{"' in line)
    told = json.loads(line)
    return told.get("payload", told)


WAYS: dict[str, Way] = {
    "POST": _post,
    "GET": _get,
    "batch": _batch,
    "upload": _upload,
    "SSE": _sse,
    "multipart": _multipart,
    "single connection": _single_connection,
    "graphql-transport-ws": _websocket("graphql-transport-ws", "subscribe"),
    "graphql-ws": _websocket("graphql-ws", "start"),
}


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Client, str]]:
    """A client, and the address of the frontend."""
    app = closed()
    async with (
        serving(http_app(lambda: app, Options())) as url,
        httpx.AsyncClient(timeout=20, trust_env=False) as client,
    ):
        yield client, f"{url}/graphql/app"


@pytest.mark.parametrize("way", WAYS)
async def test_no_transport_lets_in_a_request_without_a_key(way: str) -> None:
    """One and the same refusal, with 401 where it is HTTP's to say; nothing runs, and with a key it does."""
    RAN.clear()
    async with served() as (client, url):
        for headers in HEADERS:
            status, told = await WAYS[way](client, url, dict(headers))
            assert status in (401, None), (headers, told)
            (error,) = told["errors"]
            assert error["extensions"]["code"] == code_for(headers)
            assert "data" not in told or told["data"] is None
        assert RAN == []
        status, told = await WAYS[way](client, url, KEY)
        assert status in (200, None)
        assert told["data"] in ({"hello": "world"}, {"count": 1})
        assert RAN


@pytest.mark.parametrize("query", ["{ hello }", "subscription { count }", "{ wrong", ""])
@pytest.mark.parametrize("headers", HEADERS)
async def test_whoever_enters_at_answer_is_authenticated(headers: dict[str, str], query: str) -> None:
    """No transport has to have asked before. A stranger does not learn whether a document fits, either."""
    RAN.clear()
    answer = await closed().answer(Request(frontend="app", query=query, headers=headers))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.was_executed) == (401, False)
    assert [error["extensions"] for error in answer.errors] == [{"code": code_for(headers)}]
    assert RAN == []


async def test_a_key_lets_in() -> None:
    """Each of the keys."""
    for key in ("left", "right"):
        answer = await closed().answer(Request(frontend="app", query="{ hello }", headers={"x-api-key": key}))
        assert isinstance(answer, Answer)
        assert answer.data == {"hello": "world"}


async def test_admit_finds_the_caller_and_runs_nothing_else() -> None:
    """For transports that want to know before they read the rest of a request."""
    app = closed()
    caller = await app.admit(Request(frontend="app", headers=KEY))
    assert (caller.kind, caller.id, caller.proof) == ("api_key", "key-2", "x-api-key")
    for headers in HEADERS:
        with pytest.raises(Refused) as refused:
            await app.admit(Request(frontend="app", headers=headers))
        assert (refused.value.code, refused.value.status) == (code_for(headers), 401)


async def test_anyone_is_admitted_where_there_are_no_keys() -> None:
    """As anonymous."""
    assert (await gateway(SCHEMA).admit(Request(frontend="app"))).kind == "anonymous"


async def test_a_key_is_asked_for_before_the_body_is_read() -> None:
    """A stranger cannot make us read, and is told nothing about what it sends."""
    async with served() as (client, url):
        response = await client.post(url, content=b"{" * 1000, headers={"content-type": "application/json"})
        assert response.status_code == 401


def test_choosing_names_a_frontend_and_refuses_nobody() -> None:
    """Whether the caller may ask is for the policies to say."""
    for headers in HEADERS:
        assert closed().choose(headers, "app").name == "app"
