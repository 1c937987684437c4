"""One connection to a NATS server, and what depends on the inside of nats-py. Used by `nats`.

Written for nats-py 2.16: `_process_info` and `_connect_to_server` are private, a cancelled flush breaks its reader, and
permission errors are known by their text. With another version,
tests/connectors/queue/brokers/test_nats_connection.py fails first.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import ParseResult

from nats.aio.client import DEFAULT_BUFFER_SIZE, Srv
from nats.aio.client import Client as NatsClient
from nats.aio.transport import TcpTransport
from nats.errors import AuthorizationError, MaxPayloadError, NoRespondersError, SecureConnWantedError, SlowConsumerError
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from connectors.queue.brokers.contract import (
    BrokerDenied,
    BrokerDisconnected,
    BrokerError,
    BrokerRefused,
    BrokerUnreachable,
    NoResponders,
)
from connectors.transport.resolve import Resolver

T = TypeVar("T")

_CLOSE_SECONDS = 0.5
_PORT = 4222
_DENIED = re.compile(r"permissions violation for \w+ to \"([^\"]+)\"", re.IGNORECASE)


class _Transport(TcpTransport):
    """Looks names up with the resolver; nats-py would take a thread of the event loop's pool for each attempt."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._resolver = resolver

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        async with asyncio.timeout(connect_timeout):
            opened = await self._resolver.open_socket(uri.hostname or "", uri.port or _PORT)
            streams = await asyncio.open_connection(sock=opened, limit=buffer_size)
        self._bare_io_reader, self._bare_io_writer = self._io_reader, self._io_writer = streams


class Client(NatsClient):
    """Where TLS is configured, signs in over TLS or not at all; nats-py lets the server decide."""

    must_be_tls = False
    is_leaving = False
    """Whether `Connection.close` closes it."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__()
        self._resolver = resolver

    async def _connect_to_server(self, s: Srv) -> None:
        s.last_attempt = time.monotonic()
        self._transport = _Transport(self._resolver)
        await self._transport.connect(s.uri, DEFAULT_BUFFER_SIZE, self.options["connect_timeout"])

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.must_be_tls and not info.get("tls_required"):
            raise SecureConnWantedError
        await super()._process_info(info, initial_connection)


class Connection:
    """One connection, from its opening until it is lost."""

    def __init__(
        self,
        timeout: float,
        resolver: Resolver,
        *,
        must_be_tls: bool,
        count_dropped: Callable[[int], None] = lambda number: None,
    ) -> None:
        self.client = Client(resolver)
        self.client.must_be_tls = must_be_tls
        self._timeout: Any = timeout  # declared as int; nats-py accepts a float
        self._lost = asyncio.get_running_loop().create_future()
        self._flushing: set[asyncio.Task[None]] = set()
        self._denied: set[str] = set()
        self._count_dropped = count_dropped

    @property
    def is_alive(self) -> bool:
        """Whether a message can be sent."""
        return not self._lost.done() and bool(self.client.is_connected)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a call of the client for as long as the connection lasts. Raises BrokerError, JetStreamError."""
        task = asyncio.create_task(work)
        task.add_done_callback(_retrieve_exception)
        try:
            await asyncio.wait({task, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not task.done():
                task.cancel()
        if not task.done() or task.cancelled():
            raise BrokerDisconnected("the connection to NATS was lost")
        try:
            return task.result()
        except JetStreamError:
            raise
        except (NatsError, OSError) as error:
            raise translate_error(error) from error

    async def flush(self) -> None:
        """Return when the server has received everything that was sent before.

        A flush is never cancelled: its pong would find a cancelled future, and nats-py 2.16 would stop reading.
        """
        task = asyncio.create_task(self.client.flush(self._timeout))
        self._flushing.add(task)
        task.add_done_callback(self._finish_flush)
        await asyncio.wait({task, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() or task.cancelled() or task.exception() is not None:
            raise BrokerDisconnected("the connection to NATS was lost")

    def check_permission(self, topic: str) -> None:
        """Raise BrokerDenied when the server has refused this topic."""
        if topic in self._denied:
            self._denied.discard(topic)
            raise BrokerDenied(f"NATS refuses the topic {topic}; check the permissions of the user")

    async def record_error(self, error: Exception) -> None:
        """Record an error that the client reports in the background; other errors reach callers by their calls."""
        if isinstance(error, SlowConsumerError):  # the client reports each message that it drops
            self._count_dropped(1)
        elif match := _DENIED.search(str(error)):
            self._denied.add(match[1])

    async def mark_lost(self) -> None:
        """End everything that waits for the connection. Called by the client when it is closed or lost."""
        if not self._lost.done():
            self._lost.set_result(None)
        for task in self._flushing:
            task.cancel()

    async def close(self) -> None:
        """Close it, in bounded time: nats-py may wait for ever after a TLS failure, and closes what it never opened."""
        self.client.is_leaving = True
        with suppress(NatsError, OSError, AttributeError, AssertionError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.client.close()
        await self.mark_lost()
        await asyncio.gather(*self._flushing, return_exceptions=True)

    def _finish_flush(self, task: asyncio.Task[None]) -> None:
        self._flushing.discard(task)
        if not task.cancelled() and task.exception() is not None and not self._lost.done():
            self._lost.set_result(None)  # a server that does not answer in time counts as lost


def _retrieve_exception(task: asyncio.Task[Any]) -> None:
    """Nobody waits for a call any more that was cancelled; it may fail all the same."""
    if not task.cancelled():
        task.exception()


def translate_error(error: Exception) -> BrokerError:
    """Translate an exception of the client."""
    if isinstance(error, NoRespondersError):
        return NoResponders("no responder subscribes to this topic", code="503")
    if isinstance(error, AuthorizationError) or "authorization" in str(error).lower():
        return BrokerDenied("NATS does not accept the sign-in")
    if isinstance(error, MaxPayloadError):
        return BrokerRefused("the message is larger than NATS takes")
    return BrokerUnreachable(f"NATS: {type(error).__name__}")
