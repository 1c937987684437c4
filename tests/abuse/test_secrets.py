"""Credentials of requests, values of replies and local variables are in no line of a live process's log.

In both formats, over HTTP and websockets, and embedded in another application that logs everything.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests.e2e.command import COMMAND, Running, running
from tests.http_upstream import Reply, http_upstream
from tests.waiting import GENEROUS, until_true

SCHEMA = """\
from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import Context, frontend, via
from connectors import rest

away = rest("away").get("/things", at="items")
faulty = rest("shop").get("/faulty")
strange = rest("shop").get("/strange")
garbled = rest("shop").get("/garbled")


@strawberry.type
class Thing:
    size: int


@strawberry.type
class Query:
    away: list[Thing] | None = via(away)
    faulty: Thing | None = via(faulty)
    strange: Thing | None = via(strange)
    garbled: Thing | None = via(garbled)

    @strawberry.field
    def broken(self, info: strawberry.Info[Context, None], word: str) -> int | None:
        headers, local = dict(info.context.headers), "planted-local"
        raise RuntimeError("the resolver is broken")

    @strawberry.field
    def lookup(self, info: strawberry.Info[Context, None]) -> int | None:
        return {}[info.context.headers["cookie"]]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self, info: strawberry.Info[Context, None]) -> AsyncGenerator[int, None]:
        headers, local = dict(info.context.headers), "planted-local"
        yield 1
        raise RuntimeError("the subscription is broken")


schema = frontend(query=Query, subscription=Subscription)
"""
HOST = """\
import logging
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from bff.app import Service, load_project

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
service = Service(load_project(Path("bff.yaml")))


@asynccontextmanager
async def lifespan(app):
    async with service.running():
        yield


app = Starlette(routes=[Mount("/", service.asgi)], lifespan=lifespan)
uvicorn.run(app, port=int(sys.argv[sys.argv.index("--port") + 1]), access_log=False, log_level="warning")
"""
QUERY = '{ away { size } faulty { size } strange { size } garbled { size } broken(word: "planted-argument") lookup }'
HEADERS = {"authorization": "Bearer planted-bearer", "cookie": "sid=planted-cookie", "x-api-key": "planted-key"}
INIT = {"authorization": "Bearer planted-init", "token": "planted-token", "password": "planted-password"}
EMBEDDED = (sys.executable, "host.py")


def _reply(path: str, _: bytes) -> Reply:
    """Errors and values that do not fit, each with somebody's name."""
    status, body = {
        "/faulty": (500, b'{"message": "planted-reply of a fault"}'),
        "/strange": (200, b'{"size": "planted-reply of a wrong type"}'),
    }.get(path, (200, b'{"size": planted-reply of no JSON'))
    return status, "application/json", body


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with http_upstream(_reply) as port:
        yield f"http://127.0.0.1:{port}"


def _subscribe(socket: object, query: str) -> None:
    """One operation, until it is over."""
    socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
    while json.loads(socket.recv(GENEROUS))["type"] not in ("complete", "error"):
        pass


def attack(gateway: Running) -> None:
    """Requests with credentials, which fail in every way."""
    path = "/graphql/web?token=planted-parameter"
    answer = httpx.post(gateway.url + path, json={"query": QUERY}, headers=HEADERS, timeout=GENEROUS)
    assert len(answer.json()["errors"]) == 6, answer.text
    httpx.post(gateway.url + path, content=b'{"query": "{ planted-query', headers=HEADERS, timeout=GENEROUS)
    with connect(
        gateway.url.replace("http", "ws") + path,
        subprotocols=["graphql-transport-ws"],
        additional_headers=HEADERS,
        proxy=None,
    ) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": INIT}))
        socket.recv(GENEROUS)
        _subscribe(socket, QUERY)
        _subscribe(socket, "subscription { events }")


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(COMMAND, ["demo"]), (COMMAND, ["serve"]), (EMBEDDED, [])],
    ids=["demo", "serve", "embedded"],
)
def test_no_secret_is_logged(command: Sequence[str], arguments: list[str], upstream: str, tmp_path: Path) -> None:
    """One line for each call and place that failed, with the request's id; nothing of what was planted."""
    (tmp_path / "planted.py").write_text(SCHEMA)
    (tmp_path / "host.py").write_text(HOST)
    (tmp_path / "bff.yaml").write_text(
        f'upstreams:\n  away: {{rest: "http://127.0.0.1:9", headers: {{x-token: planted-upstream-token}}}}\n  shop: {{rest: "{upstream}"}}\n'
        "frontends:\n  web: {schema: planted, default: true}\n"
    )
    with running(*arguments, command=command, cwd=tmp_path) as gateway:
        gateway.ask_when_up("{ __typename }", "/graphql/web")
        attack(gateway)
        until_true(lambda: "the subscription is broken" in gateway.output)
        assert gateway.stop() in (0, -signal.SIGTERM)  # uvicorn alone ends by the signal that it got
    output = gateway.output
    assert "planted-" not in output, [line for line in output.splitlines() if "planted-" in line]
    assert "headers, local = " not in output
    assert output.count("Error: the resolver is broken") == 2, output
    failed = [line for line in output.splitlines() if "upstream_failed" in line]
    calls = [(_find_field("operation", line), _find_field("request_id", line)) for line in failed]
    assert [name for name, _ in calls] == ["GET /things", "GET /faulty", "GET /garbled"] * 2, output
    assert [len(id) > 10 for _, id in calls] == [True] * 6
    assert (len(set(calls)), len({id for _, id in calls})) == (6, 2)  # one over HTTP, one over the websocket


def _find_field(name: str, line: str) -> str:
    """The value of a field, in any format."""
    found = re.search(rf"""\b{name}"?[=:]["']?([^"',]+?)(["',]|\s(?=\w+=)|$)""", line)
    assert found, (name, line)
    return found[1]
