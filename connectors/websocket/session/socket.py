"""One socket that is opened when needed, opened again when it breaks, and closed when idle. Used by the connector only.

This is a state machine. `_run` is its one task, from the first need until nobody needs the socket any more: it
connects, reads until the connection breaks, pauses, and starts over. `_attempt` is the outcome of the attempt that
comes next or is under way; whoever needs the socket waits for it. Nothing awaits between a look at the state and the
change of it.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from connectors.contract import Operation
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamReplyTooLarge,
    UpstreamUnreachable,
    copy_error,
)
from connectors.streams.pace import Pace
from connectors.streams.reconnect import Pauses
from connectors.websocket.options import Options
from connectors.websocket.session.handshake import shake_hands, tls_context

_TOO_BIG = 1009  # RFC 6455 section 7.4.1


class Owner(Protocol):
    """What the socket tells its connector."""

    def arrived(self, message: str | bytes) -> None:
        """A message came."""

    async def attend(self) -> None:
        """Runs beside every connection, and is cancelled with it."""

    def ended(self, error: UpstreamError, *, for_good: bool) -> None:
        """The connection broke or could not be made; `for_good` when no further attempt will be made."""


class Socket:
    """Keeps at most one connection open while it is in use."""

    def __init__(self, name: str, options: Options, owner: Owner) -> None:
        self._name = name
        self._about = Operation(upstream=name, name="socket")
        self._options = options
        self._owner = owner
        self._tls: ssl.SSLContext | None = None
        self._connection: ClientConnection | None = None
        self._running: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._attempt: asyncio.Future[UpstreamError | None] | None = None
        self._hurry = asyncio.Event()
        self._users = 0
        self._idle: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether a message can be sent now."""
        return self._connection is not None and self._connection.state is State.OPEN

    @contextmanager
    def used(self) -> Iterator[None]:
        """Keep the socket from idling, and have it opened again when it breaks, while inside."""
        self._users += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        try:
            yield
        finally:
            self._users -= 1
            if not self._users and self._running is not None:
                self._idle = asyncio.get_running_loop().call_later(self._options.idle_timeout, self._rest)

    async def opened(self, operation: Operation) -> None:
        """Return when the socket is open. Raises what the next attempt to open it fails with.

        Raises DefinitionError when a TLS file is not usable.
        """
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if self.is_open:
            return
        with self.used():
            if self._running is None or self._running.done():
                self._tls = self._tls or tls_context(self._name, self._options)
                self._attempt = asyncio.get_running_loop().create_future()
                self._running = asyncio.create_task(self._run())
            assert self._attempt is not None
            self._hurry.set()
            error = await asyncio.shield(self._attempt)
        if error is not None:
            raise copy_error(error, operation)

    async def say(self, operation: Operation, message: bytes) -> None:
        """Send one text message. Raises UpstreamUnreachable without a socket, UpstreamDisconnected when it breaks."""
        if self._connection is None or not self.is_open:
            raise UpstreamUnreachable(operation, "the websocket is not open")
        try:
            await self._connection.send(message, text=True)
        except ConnectionClosed as closed:
            raise UpstreamDisconnected(operation, "the websocket broke") from closed

    async def close(self) -> None:
        """Close for good. Idempotent."""
        self._is_closed = True
        self._rest()
        if self._leaving:
            await asyncio.wait(set(self._leaving))
        self._owner.ended(UpstreamDisconnected(self._about, "the connector was closed"), for_good=True)

    def _rest(self) -> None:
        """Take the connection away at once and close it in the background; the next need opens another."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        running, self._running, self._connection = self._running, None, None
        if running is not None:
            self._leaving.add(running)
            running.add_done_callback(self._leaving.discard)
            running.cancel()
            self._conclude(UpstreamUnreachable(self._about, "the websocket was closed"))

    async def _run(self) -> None:
        pauses = Pauses(self._options.reconnect)
        while True:
            began = time.monotonic()
            was_open, error = await self._once()
            self._connection = None
            if was_open:
                pauses.lost(open_for=time.monotonic() - began)
            else:
                self._conclude(error)
            is_hopeless = pauses.is_hopeless
            self._owner.ended(error, for_good=is_hopeless)
            if not is_hopeless and self._users:
                await self._pause(pauses.next())
            if is_hopeless or not self._users:
                self._running = None
                return

    async def _once(self) -> tuple[bool, UpstreamError]:
        """One connection, from the attempt to open it to its end: whether it was open, and how it ended."""
        try:
            connection = await shake_hands(self._about, self._options, self._tls)
        except UpstreamError as error:
            return False, error
        async with connection:
            self._connection = connection
            self._conclude(None)
            attending = asyncio.create_task(self._attend())
            try:
                return True, await self._read(connection)
            finally:
                attending.cancel()
                await asyncio.wait({attending})

    async def _attend(self) -> None:
        with suppress(UpstreamError):  # a connection that breaks is noticed by who reads it
            await self._owner.attend()

    async def _read(self, connection: ClientConnection) -> UpstreamError:
        pace = Pace(self._options.buffer)
        try:
            async for message in connection:
                self._owner.arrived(message)
                await pace.dealt()
        except ConnectionClosed as closed:
            if closed.sent is not None and closed.sent.code == _TOO_BIG:
                limit = self._options.max_reply_size
                return UpstreamReplyTooLarge(self._about, f"a message exceeds max_reply_size, {limit} bytes")
        code = connection.close_code
        return UpstreamDisconnected(self._about, f"the websocket closed with {code}", upstream_code=str(code or ""))

    async def _pause(self, seconds: float) -> None:
        """Wait before the next attempt; who needs the socket now shortens all but the first pause to that."""
        self._hurry.clear()
        least = min(seconds, self._options.reconnect.initial_delay)
        await asyncio.sleep(least)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds - least):
                await self._hurry.wait()

    def _conclude(self, error: UpstreamError | None) -> None:
        """Tell everyone who waits for the attempt, as a value, and prepare for the next one."""
        attempt, self._attempt = self._attempt, asyncio.get_running_loop().create_future()
        if attempt is not None and not attempt.done():
            attempt.set_result(error)
