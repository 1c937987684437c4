"""Persisted queries in a Redis: shared by processes, kept for a while, and no trouble of it is a client's."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import redis.asyncio
from pydantic import ValidationError
from structlog.testing import capture_logs

from bff.documents.redis_store import PAUSE, RedisStore
from bff.documents.store import MemoryStore
from tests.bff.frontends.world import HELLO, app, ask, code, hashed, sha
from tests.services import need_service
from tests.waiting import time_limit

URL = "redis://127.0.0.1:6379/0"


@pytest.fixture
def frontend() -> str:
    """A name whose keys nobody else uses."""
    need_service("Redis", 6379)
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
async def client(frontend: str) -> AsyncIterator[redis.asyncio.Redis]:
    """To look behind the store; forgets what the test kept."""
    client = redis.asyncio.Redis.from_url(URL)
    yield client
    for key in [key async for key in client.scan_iter(f"bff:documents:{frontend}:*")]:
        await client.delete(key)
    await client.aclose()


def store(frontend: str, url: str = URL, **options: float) -> RedisStore:
    """A store with memory of its own, as each process has."""
    return RedisStore(url, frontend, MemoryStore(max_entries=10, max_size=10_000), ttl=60, **options)  # type: ignore[arg-type]


async def test_what_one_process_keeps_another_finds(frontend: str, client: redis.asyncio.Redis) -> None:
    """And it stays as long as it is asked for."""
    one, other, stranger = store(frontend), store(frontend), store("another-frontend")
    await one.put(sha(HELLO), HELLO)
    key = f"bff:documents:{frontend}:{sha(HELLO)}"
    assert 0 < await client.ttl(key) <= 60
    await client.expire(key, 5)
    assert await other.get(sha(HELLO)) == HELLO
    assert await client.ttl(key) > 5
    await client.delete(key)
    assert await other.get(sha(HELLO)) == HELLO  # from memory now
    assert await stranger.get(sha(HELLO)) is None
    for each in (one, other, stranger):
        await each.close()


async def test_what_others_wrote_there_is_not_run(frontend: str, client: redis.asyncio.Redis) -> None:
    """A text must have the hash that it is kept under."""
    own = store(frontend)
    for text in (b"{ other }", b"\xff"):
        await client.set(f"bff:documents:{frontend}:{sha(HELLO)}", text)
        assert await own.get(sha(HELLO)) is None
    await client.delete(f"bff:documents:{frontend}:{sha(HELLO)}")
    await client.hset(f"bff:documents:{frontend}:{sha(HELLO)}", "not", "text")
    assert await own.get(sha(HELLO)) is None
    await own.close()


async def test_a_closed_store_connects_anew(frontend: str, client: redis.asyncio.Redis) -> None:
    """A project may be opened twice."""
    own = store(frontend)
    await own.put(sha(HELLO), HELLO)
    await own.close()
    other = store(frontend)
    await other.close()
    assert await other.get(sha(HELLO)) == HELLO
    await other.close()


async def test_a_gateway_gives_its_connections_back(client: redis.asyncio.Redis) -> None:
    """Those of its frontends' stores."""
    one, other = app(persisted=True, store=URL), app(persisted=True, store=URL)
    assert (await ask(one, HELLO, extensions=hashed(HELLO))).data
    assert (await ask(other, extensions=hashed(HELLO))).data
    await one.close()
    await other.close()  # what stays open is a ResourceWarning, and fails the test
    await client.delete(f"bff:documents:app:{sha(HELLO)}")


@pytest.mark.parametrize("trouble", ["nobody listens", "nobody answers", "it speaks something else", "it hangs up"])
async def test_a_redis_in_trouble_is_not_a_clients_trouble(trouble: str) -> None:
    """Memory serves, nobody waits for long, and the log says it once."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if trouble == "it speaks something else":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        if trouble != "it hangs up":
            await reader.read(-1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if trouble == "nobody listens":
        server.close()
    gateway = app(persisted=True, store=f"redis://127.0.0.1:{port}")
    with capture_logs() as logs:
        async with time_limit():
            assert code(await ask(gateway, extensions=hashed(HELLO))) == "PERSISTED_QUERY_NOT_FOUND"
            assert (await ask(gateway, HELLO, extensions=hashed(HELLO))).data == {"hello": "hello Ada"}
            assert (await ask(gateway, extensions=hashed(HELLO))).data == {"hello": "hello Ada"}
    assert [each["event"] for each in logs] == ["document_store_failed"]
    assert str(port) not in str(logs)
    await gateway.close()
    server.close()


async def test_a_redis_that_comes_back_is_asked_again(frontend: str, client: redis.asyncio.Redis) -> None:
    """After a pause, during which it is left alone."""
    now = 100.0
    own = RedisStore(URL, frontend, MemoryStore(max_entries=10, max_size=10_000), ttl=60, clock=lambda: now)
    await client.set(f"bff:documents:{frontend}:{sha(HELLO)}", HELLO)
    own._url = "redis://127.0.0.1:1"
    assert await own.get(sha(HELLO)) is None
    await own.close()
    own._url = URL
    assert await own.get(sha(HELLO)) is None
    now += PAUSE
    assert await own.get(sha(HELLO)) == HELLO
    await own.close()


def test_a_url_that_cannot_be_read() -> None:
    """Is refused before the start, without what it holds."""
    with pytest.raises(ValidationError) as caught:
        app(persisted=True, store="redis://:secret@host:port/x")
    (problem,) = caught.value.errors(include_input=False, include_context=False)
    assert problem["msg"].startswith("Value error, has a port that is no number")
    assert "secret" not in problem["msg"]
