"""The default HTTP engine: HTTP/1.1 over asyncio, parsed by httptools. Made by open_transport.

It is ours because cancelling a call must close its connection: pyreqwest 0.15, the fastest client, lets it run on until
its timeout, and adds a private CA to the public ones instead of trusting it alone.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache, partial

import httptools
import msgspec

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.aio.semaphore import Semaphore
from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected, UpstreamRejected, UpstreamTimeout, UpstreamUnreachable
from connectors.reports import report_event
from connectors.transport.connection import Connection, Origin
from connectors.transport.contract import HttpOptions, HttpReply, Streamed
from connectors.transport.reading import check_headers, encode_value
from connectors.transport.resolve import Resolver
from connectors.transport.response import PackedReply

log = logging.getLogger(__name__)

_IDLE = 60.0
"""Seconds after which an unused connection is closed: firewalls forget it without telling."""
_QUARANTINE = 0.005
"""Seconds after a reply in which other connections are used first: late bytes of the reply may come."""
_LOOKS = 4
"""Connections in quarantine that are looked at: each look is a call of the system."""
_DISTRUST = 60.0
"""Seconds for which each connection is used once, after an upstream has sent bytes that were not requested."""
_URL = re.compile(r"((?:http|HTTP)[sS]?://[^/?#]+)(/[!-\"$-~]*)?(?:#.*)?")
"""Address and target of what is quoted (RFC 3986); a fragment is not sent."""
_BAD_URL = "the URL cannot be sent: it is not a quoted http(s) URL"
_HAS_BODY = frozenset(("POST", "PUT", "PATCH"))


class _Request(msgspec.Struct, frozen=True):
    operation: Operation
    origin: Origin
    bytes: bytes
    """The head, and the body unless it is streamed."""
    streamed: Streamed | None
    is_head: bool


class Engine:
    """A pool of at most `options.max_connections` connections, the last used first."""

    def __init__(self, options: HttpOptions, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._resolver = Resolver(options.dns, clock)
        self._slots = Semaphore(options.max_connections)
        self._idle: deque[Connection] = deque()
        self._open: set[Connection] = set()
        """The idle ones and those in use."""
        self._tls: ssl.SSLContext | None = None
        self._distrusted: dict[Origin, float] = {}
        """Until when, by the clock, no connection to an origin is used twice."""
        self._is_closed = False

    async def request(
        self,
        operation: Operation,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Streamed | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a part of the contract: engines hand it on
    ) -> HttpReply:
        """As Transport.request."""
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if timeout is not None and timeout <= 0:
            raise UpstreamTimeout(operation, "its time was up before it was sent")
        request = _encode_request(operation, method, url, headers, body)
        limit = None if timeout is None else self._clock.timeout(timeout)
        try:
            if not self._slots.try_acquire():
                await self._slots.acquire()
            try:
                reply = await self._exchange(request)
                return reply if isinstance(reply, HttpReply) else await reply.inflate()
            finally:
                self._slots.release()
        except asyncio.CancelledError as late:
            if limit is not None and limit.is_ours():
                raise UpstreamTimeout(operation, f"no whole reply within {timeout:.3g} s") from late
            raise
        finally:
            if limit is not None:
                limit.cancel()

    async def close(self) -> None:
        """As Transport.close."""
        self._is_closed = True
        for connection in [*self._open]:
            connection.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # lets the sockets close before the loop may end

    async def _exchange(self, request: _Request) -> HttpReply | PackedReply:
        """Use a kept connection, else a new one.

        The upstream may close a kept connection just as we use it. Then nothing comes back, and an idempotent request
        is sent once more on a new connection (RFC 9112 section 9.3.1).
        """
        kept = self._take_idle(request.origin)
        connection = kept or await self._connect(request)
        while True:
            try:
                reply = connection.begin(request.operation, request.bytes, is_head=request.is_head)
                if request.streamed is not None:
                    await connection.stream(request.streamed)
                return await reply
            except UpstreamDisconnected as error:
                if self._is_closed:
                    raise UpstreamDisconnected(request.operation, "the connector was closed during the call") from error
                if connection is not kept or connection.has_begun or not request.operation.is_idempotent:
                    raise
            finally:
                if connection.finish() and not (self._distrusted and self._is_distrusted(request.origin)):
                    connection.idle_since = self._clock.now()
                    self._idle.append(connection)
                else:
                    connection.abort()
                    self._open.discard(connection)
            connection = await self._connect(request)

    def _take_idle(self, origin: Origin) -> Connection | None:
        """The last used connection to this origin; on the way, old ones are closed.

        One on which late bytes may still come is taken only if there is no other.
        """
        idle, now = self._idle, self._clock.now()
        while idle and idle[0].idle_since < now - _IDLE:
            self._close_oldest()
        fresh = now - _QUARANTINE
        if idle and (len(idle) == 1 or idle[-1].idle_since <= fresh):  # the one that was used last, as nearly always
            connection = idle[-1]
            if connection.origin == origin and connection.is_open() and not connection.find_arrived(0):
                return idle.pop()
        found = -1
        for place in range(len(idle) - 1, -1, -1):
            connection = idle[place]
            if connection.origin == origin and connection.is_open() and not connection.find_arrived(0):
                found = place
                if connection.idle_since <= fresh or place <= len(idle) - _LOOKS:
                    break
        if found < 0:
            return None
        connection = idle[found]
        del idle[found]
        return connection

    def _close_oldest(self) -> None:
        """Of those that idle."""
        oldest = self._idle.popleft()
        self._open.discard(oldest)
        oldest.abort()

    def _note_surplus(self, upstream: str, connection: Connection) -> None:
        """The upstream sent what was not requested: what arrives late would answer the next request."""
        report_event(upstream, "surplus_bytes")
        if not self._is_distrusted(connection.origin):
            _, host, port = connection.origin
            log.warning(
                "%s:%s sent bytes that were not requested; for %.0f s each connection to it is used once",
                host,
                port,
                _DISTRUST,
            )
        self._distrusted[connection.origin] = self._clock.now() + _DISTRUST
        for idle in [each for each in self._idle if each.origin == connection.origin]:
            self._idle.remove(idle)
            self._open.discard(idle)
            idle.abort()

    def _is_distrusted(self, origin: Origin) -> bool:
        until = self._distrusted.get(origin)
        if until is not None and until <= self._clock.now():
            del self._distrusted[origin]
            return False
        return until is not None

    def _remove_connection(self, connection: Connection) -> None:
        self._open.discard(connection)
        with suppress(ValueError):
            self._idle.remove(connection)

    async def _connect(self, request: _Request) -> Connection:
        operation, origin = request.operation, request.origin
        if self._idle and len(self._open) >= self._options.max_connections:
            self._close_oldest()
        loop = asyncio.get_running_loop()
        is_tls, host, port = origin
        seconds = self._options.connect_timeout
        try:
            context = self._create_tls_context() if is_tls else None
            async with timeout_after(seconds, self._clock):
                _, connection = await loop.create_connection(
                    lambda: Connection(
                        origin,
                        self._options.max_reply_size,
                        self._remove_connection,
                        partial(self._note_surplus, operation.upstream),
                    ),
                    sock=await self._resolver.open_socket(host, port),
                    ssl=context,
                    server_hostname=host if is_tls else None,
                )
        except TimeoutError as error:
            raise UpstreamUnreachable(operation, f"no connection to {host}:{port} within {seconds:.3g} s") from error
        except (OSError, UnicodeError) as error:  # ssl.SSLError is an OSError; a bad host name is a UnicodeError
            raise UpstreamUnreachable(operation, f"no connection to {host}:{port}: {error}") from error
        if self._is_closed:
            connection.abort()
            raise UpstreamUnreachable(operation, "the connector is closed")
        if connection.is_open():  # else it was lost again, and forgotten, before it came here
            self._open.add(connection)
        return connection

    def _create_tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = self._options.tls.context()
        return self._tls


def _encode_request(
    operation: Operation, method: str, url: str, headers: Mapping[str, str], body: bytes | Streamed | None
) -> _Request:
    """The bytes of a request (RFC 9112 section 3) and where they go."""
    match = _URL.fullmatch(url)
    if match is None:
        raise UpstreamRejected(operation, _BAD_URL)
    address, target = match.groups()
    try:
        origin, usual = _parse_origin(address)
    except (httptools.HttpParserInvalidURLError, UnicodeEncodeError, AttributeError) as error:
        raise UpstreamRejected(operation, _BAD_URL) from error
    lines = {**usual, **check_headers(operation, headers)}
    if body is None and method not in _HAS_BODY:
        return _Request(operation, origin, _encode_head(method, target, lines), None, method == "HEAD")
    if isinstance(body, Streamed):
        lines["content-length"] = str(body.length)
        return _Request(operation, origin, _encode_head(method, target, lines), body, method == "HEAD")
    body = body or b""
    lines["content-length"] = str(len(body))
    return _Request(operation, origin, _encode_head(method, target, lines) + body, None, method == "HEAD")


def _encode_head(method: str, target: str | None, lines: Mapping[str, str]) -> bytes:
    head = "\r\n".join(map(": ".join, lines.items()))
    return encode_value(f"{method} {target or '/'} HTTP/1.1\r\n{head}\r\n\r\n")


@lru_cache(maxsize=1000)
def _parse_origin(address: str) -> tuple[Origin, dict[str, str]]:
    """Where to connect, and the headers of a request that has no others; Host as in RFC 9110 section 7.2."""
    parts = httptools.parse_url(address.encode("ascii"))
    is_tls, name, port = parts.schema.lower() == b"https", parts.host.decode("ascii"), parts.port
    shown = f"[{name}]" if ":" in name else name
    host = f"{shown}:{port}" if port else shown
    usual = {"host": host, "accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "bff"}
    return (is_tls, name, port or (443 if is_tls else 80)), usual
