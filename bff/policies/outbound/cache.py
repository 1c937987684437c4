"""Use replies again while HTTP says that they are fresh (RFC 9111, as a shared cache; RFC 5861 for stale ones).

Stricter than the RFC in one point: all headers that are sent belong to the key, not only those `Vary` names, so that
no reply can reach another caller because an upstream forgot to say what it varies on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable

from msgspec.structs import replace

from bff.observability.logger import get_logger
from bff.policies.outbound.cache_rules import create_stored, is_about, is_readable, parse_directives, renew_headers
from bff.policies.outbound.cache_store import HttpCache, Stored
from bff.policies.outbound.identity import create_key
from bff.policies.outbound.policy import Policy, Send
from bff.policies.outbound.trouble import is_trouble
from connectors.aio.clock import Clock
from connectors.contract import Call, Reply
from connectors.errors import UpstreamError, UpstreamRateLimited

log = get_logger("bff.policies.cache")

MAX_REFRESHES = 32
"""Replies of one upstream that are fetched anew in the background at once."""
_ASKS_FOR_PARTS = frozenset(
    {"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"}
)


def cache(store: HttpCache, clock: Clock, wall: Callable[[], float] = time.time) -> Policy:
    """Answer safe calls from `store`, revalidate what is stale, and forget everything after an unsafe call worked.

    `clock` measures how long replies are kept, `wall` (seconds since the epoch) reads the dates in them.
    """

    def around(send: Send) -> Send:
        fetching = _Fetching(send, store, clock, wall)

        async def send_or_remember(call: Call) -> Reply:
            if not call.operation.is_safe:
                reply = await send(call)
                store.clear()  # section 4.4 names the URIs; which of them a call changes cannot be known here
                return reply
            if not _may_answer(call):
                return await send(call)
            key = create_key(call)
            stored = store.get(key)
            now = clock.now()
            if stored is None:
                return await fetching.fetch(call, key, None)
            if now < stored.fresh_until:
                return stored.reuse(now)
            if now < stored.usable_meanwhile_until and fetching.refresh(call, key, stored):
                return stored.reuse(now)
            try:
                return await fetching.fetch(call, key, stored)
            except UpstreamError as error:
                may_help = is_trouble(error) or isinstance(error, UpstreamRateLimited)
                if may_help and clock.now() < stored.usable_on_error_until:
                    return stored.reuse(clock.now())
                raise

        return send_or_remember

    return around


def _may_answer(call: Call) -> bool:
    """Not when the caller wants an answer from the upstream itself, or has conditions of its own."""
    wishes = parse_directives(call.headers.get("cache-control", ""))
    return not (wishes.keys() & {"no-store", "no-cache"} or call.headers.keys() & _ASKS_FOR_PARTS)


class _Fetching:
    """Fetches replies into the store, for a caller who waits or in the background."""

    def __init__(self, send: Send, store: HttpCache, clock: Clock, wall: Callable[[], float]) -> None:
        self._send = send
        self._store = store
        self._clock = clock
        self._wall = wall
        self._refreshes: dict[Hashable, asyncio.Task[None]] = {}

    async def fetch(self, call: Call, key: Hashable, stored: Stored | None) -> Reply:
        """Ask the upstream, with the kept reply's validators where it has some, and keep what may be kept."""
        era, asked = self._store.era, self._clock.now()
        reply = await self._request(call, stored)
        now = self._clock.now()
        following = create_stored(call, reply, took=now - asked, now=now, wall=self._wall())
        if following is not None and not await is_readable(reply):
            following = None
        if era == self._store.era:  # else an unsafe call has passed, and this reply may be older than its effect
            if following is not None:
                self._store.keep(key, following)
            else:
                self._store.discard(key)
        return reply

    def refresh(self, call: Call, key: Hashable, stored: Stored) -> bool:
        """Fetch in the background, once at a time for each key; False when too many are on their way already.

        Such a fetch outlives its request. The upstream's timeout bounds it, and closing the connector ends it.
        """
        if key in self._refreshes:
            return True
        if len(self._refreshes) >= MAX_REFRESHES:
            return False
        self._refreshes[key] = asyncio.create_task(self._refresh_and_log(replace(call, deadline=None), key, stored))
        return True

    async def _refresh_and_log(self, call: Call, key: Hashable, stored: Stored) -> None:
        try:
            await self.fetch(call, key, stored)
        except UpstreamError as error:
            log.info("refresh_failed", upstream=call.operation.upstream, problem=str(error))
        except Exception:
            log.exception("refresh_failed", upstream=call.operation.upstream)
        finally:
            del self._refreshes[key]

    async def _request(self, call: Call, stored: Stored | None) -> Reply:
        if stored is None or not (stored.etag or stored.last_modified):
            return await self._send(call)
        reply = await self._send_conditional(call, stored)
        if reply.status != 304:
            return reply
        if is_about(stored, reply.headers):
            return renew_headers(stored, reply.headers)
        return await self._send(call)

    async def _send_conditional(self, call: Call, stored: Stored) -> Reply:
        condition = {"if-none-match": stored.etag} if stored.etag else {"if-modified-since": stored.last_modified or ""}
        try:
            return await self._send(replace(call, headers={**call.headers, **condition}))
        except UpstreamError as error:
            if error.upstream_code != "304":
                raise
            return Reply(None, status=304)  # from a connector that takes every 3xx for an error
