"""Persisted queries in a Redis that all processes share, behind the memory of this one. Needs the extra `redis`."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from bff.documents.store import MemoryStore
from bff.observability.logger import get_logger

log = get_logger("bff.frontends")

T = TypeVar("T")

TIMEOUT = 0.25
"""How long a request waits for the Redis; then the document counts as unknown, and the client sends it."""
PAUSE = 5.0
"""Seconds without asking a Redis that failed, so that its trouble does not slow every request."""
MAX_CONNECTIONS = 16
"""Most connections of one frontend in one process; more requests wait for their turn, within `TIMEOUT`."""


class RedisStore:
    """Keeps documents under `bff:documents:<frontend>:<sha256>` for `ttl` seconds after they were last asked for."""

    def __init__(
        self, url: str, frontend: str, memory: MemoryStore, *, ttl: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Connects when it is first used. Raises ValueError for a URL that redis cannot read."""
        parse_url(url)
        self._url, self._prefix = url, f"bff:documents:{frontend}:"
        self._memory = memory
        self._milliseconds = round(ttl * 1000)
        self._clock = clock
        self._retry_at = 0.0
        self._redis: Redis | None = None

    async def get(self, sha: str) -> str | None:
        """The document with this hash, from memory or else from the Redis, whose word for it is not taken."""
        text = await self._memory.get(sha)
        if text is not None:
            return text
        raw = await self._run_command(lambda redis: redis.getex(self._prefix + sha, px=self._milliseconds))
        if not isinstance(raw, bytes) or hashlib.sha256(raw).hexdigest() != sha:
            return None
        text = raw.decode()
        await self._memory.put(sha, text)
        return text

    async def put(self, sha: str, text: str) -> None:
        """Keep a document in both places."""
        await self._memory.put(sha, text)
        await self._run_command(lambda redis: redis.set(self._prefix + sha, text, px=self._milliseconds))

    async def close(self) -> None:
        """Close the connections."""
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()

    async def _run_command(self, command: Callable[[Redis], Awaitable[T]]) -> T | None:
        """The Redis's answer; None when it gives none in time, and for `PAUSE` seconds after that."""
        if self._clock() < self._retry_at:
            return None
        try:
            async with asyncio.timeout(TIMEOUT):
                return await command(self._open_connection())
        except (RedisError, OSError, TimeoutError) as error:
            self._retry_at = self._clock() + PAUSE
            log.warning("document_store_failed", store=self._prefix, reason=type(error).__name__)
            return None

    def _open_connection(self) -> Redis:
        if self._redis is None:
            pool = BlockingConnectionPool.from_url(
                self._url,
                max_connections=MAX_CONNECTIONS,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 0),
            )
            self._redis = Redis.from_pool(pool)
        return self._redis
