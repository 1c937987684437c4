"""The clients that frontends really use, from npm, against a running gateway: nothing of them is adapted to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bff.http.door import http_app
from bff.http.options import Options
from tests.bff.frontends.world import CHANGE, HELLO, app, written
from tests.clients.node import node
from tests.serving import serving


@asynccontextmanager
async def served(**documents: Any) -> AsyncIterator[str]:
    """The address of a frontend with these options for documents."""
    gateway = app(**documents)
    async with serving(http_app(lambda: gateway, Options())) as url:
        yield f"{url}/graphql/app"


def asked(told: dict[str, Any]) -> list[tuple[str, bool]]:
    """The method of each request, and whether the document went along."""
    return [(each["method"], each["document"]) for each in told["sent"]]


@pytest.mark.parametrize("script", ["apollo.mjs", "urql.mjs"])
async def test_plain_and_persisted(script: str) -> None:
    """The document travels once; after that its hash does, and the second client finds it known at once."""
    async with served(persisted=True) as url:
        told = await node("clients", script, url)
    assert told["query"] == {"hello": "hello Ada"}
    assert told["mutation"] == {"change": True}
    assert told["error"] == ["GRAPHQL_VALIDATION_FAILED"]
    post, get = told["post"], told["get"]
    assert post["answers"] == [{"hello": "hello post"}, {"hello": "hello again"}]
    assert asked(post) == [("POST", False), ("POST", True), ("POST", False)]
    assert get["answers"] == [{"hello": "hello get"}, {"hello": "hello again"}]
    assert asked(get) == [("GET", False), ("GET", False)]


@pytest.mark.parametrize("script", ["apollo.mjs", "urql.mjs"])
async def test_persisting_where_it_is_off(script: str) -> None:
    """Clients are told, give up on hashes, and are answered all the same."""
    async with served() as url:
        told = await node("clients", script, url)
    assert told["post"]["answers"] == [{"hello": "hello post"}, {"hello": "hello again"}]
    assert asked(told["post"]) == [("POST", False), ("POST", True), ("POST", True)]


@pytest.mark.parametrize("parameter", ["documentId", "doc_id", "id"])
async def test_relay_with_trusted_documents(tmp_path: Path, parameter: str) -> None:
    """By each name that Relay's users give to the id; what is not in the manifest is refused."""
    manifest = written(tmp_path, {"hello-1": HELLO, "change-1": CHANGE})
    async with served(manifest=str(manifest), trusted_only=True) as url:
        told = await node("clients", "relay.mjs", url, parameter)
    assert told == {"query": {"hello": "hello Ada"}, "mutation": {"change": True}, "error": ["DOCUMENT_NOT_TRUSTED"]}
