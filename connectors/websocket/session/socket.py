"""One socket: opened when it is needed, opened again when it breaks, closed when it is idle. Used by the connector.

This is a state machine. Its one task is `_keep_connected`, which runs while calls or streams need the socket: it
connects, reads until the connection breaks, waits, and starts over. `_attempt` holds the outcome of the next or
current attempt to connect; calls and streams wait for it. No `await` stands between reading the state and changing it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from connectors.aio.clock import SYSTEM_CLOCK, Clock, Timer, timeout_after
from connectors.aio.single_flight import SharedResult
from connectors.contract import Operation
from connectors.errors import (
    UpstreamDisconnected,
    UpstreamError,
    UpstreamForbidden,
    UpstreamUnauthenticated,
    UpstreamUnreachable,
    copy_error,
)
from connectors.streams.reconnect import Backoff
from connectors.transport.resolve import Resolver
from connectors.websocket.errors import create_close_error
from connectors.websocket.options import Options
from connectors.websocket.session.handshake import create_tls_context, open_connection
from connectors.websocket.session.ping import keep_pinging
from connectors.websocket.session.sign_in import sign_in

log = logging.getLogger(__name__)

_STOPPING = (CloseCode.GOING_AWAY, "the gateway stops or reloads")
_IDLE = (CloseCode.NORMAL_CLOSURE, "not needed now")
_LOST = (CloseCode.NORMAL_CLOSURE, "")
_SILENT = (CloseCode.GOING_AWAY, "no answer to a ping")
_LAST_SECONDS = 0.5
"""How long the last messages before a close may take."""
_POLICY = "1008"
_MAX_REFUSALS = 5
"""Connections in a row that the upstream refuses to this gateway, after which subscriptions end."""

Outcome = UpstreamError | Literal["open"]
"""Of an attempt to open the socket."""


class Owner(Protocol):
    """What the socket calls: implemented by the connector."""

    async def receive_message(self, message: str | bytes) -> None:
        """Take one message. The next one is not read before; only decoding a large one lets other tasks run."""

    async def maintain(self) -> None:
        """Run beside every connection until it is cancelled with the connection."""

    def list_last_messages(self) -> list[bytes]:
        """What is to be sent before a connection is closed because nobody needs it, or the gateway stops."""

    def handle_loss(self, error: UpstreamError, *, for_good: bool) -> None:
        """Called when the connection broke or could not be opened; `for_good` when no attempt follows."""


def _is_refusal(error: UpstreamError) -> bool:
    """Whether the upstream does not want this gateway, which another attempt hardly changes (RFC 6455: 1008)."""
    return isinstance(error, UpstreamUnauthenticated | UpstreamForbidden) or error.upstream_code == _POLICY


async def _take_leave(connection: ClientConnection, messages: list[bytes]) -> None:
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(_LAST_SECONDS):
            for message in messages:
                await connection.send(message, text=True)


class Socket:
    """Keeps at most one connection open while it is in use."""

    def __init__(self, name: str, options: Options, owner: Owner, clock: Clock = SYSTEM_CLOCK) -> None:
        self._name = name
        self._operation = Operation(upstream=name, name="socket")
        self._options = options
        self._owner = owner
        self._clock = clock
        self._resolver = Resolver(options.dns, clock)
        self._tls: ssl.SSLContext | None = None
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._attempt: SharedResult[Outcome] = SharedResult()
        self._needed = asyncio.Event()
        self._users = 0
        self._idle: Timer | None = None
        self._is_closed = False
        self._received = 0
        """Messages that came over the connection."""
        self._silence: UpstreamError | None = None
        """Why the connection was given up though it is open: no message came after a ping."""
        self._close_reason = ""
        """What the upstream said when it closed the last connection."""

    @property
    def is_open(self) -> bool:
        """Whether a message can be sent now."""
        return self._connection is not None and self._connection.state is State.OPEN

    @contextmanager
    def keep_open(self) -> Iterator[None]:
        """While inside, the socket does not close as idle and is opened again when it breaks."""
        self._users += 1
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        try:
            yield
        finally:
            self._users -= 1
            if not self._users and self._task is not None:
                self._idle = self._clock.call_later(self._options.idle_timeout, self._release)

    async def wait_until_open(self, operation: Operation) -> None:
        """Return when the socket is open. Raises the error of the next attempt to open it.

        Raises DefinitionError when a TLS file is not usable.
        """
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        if self.is_open:
            return
        with self.keep_open():
            if self._task is None or self._task.done():
                self._tls = self._tls or create_tls_context(self._name, self._options)
                self._attempt = SharedResult()
                self._task = asyncio.create_task(self._keep_connected())
            self._needed.set()
            outcome = await self._attempt.wait()
        if isinstance(outcome, UpstreamError):
            raise copy_error(outcome, operation)

    async def send(self, operation: Operation, message: bytes) -> None:
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
        self._release()
        if self._closing:
            await asyncio.wait(set(self._closing))
        self._owner.handle_loss(UpstreamDisconnected(self._operation, "the connector was closed"), for_good=True)

    def _release(self) -> None:
        """Drop the connection at once and close it in the background; the next call or stream opens another."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        running, self._task, self._connection = self._task, None, None
        if running is not None:
            self._closing.add(running)
            running.add_done_callback(self._closing.discard)
            running.cancel()
            self._finish_attempt(UpstreamUnreachable(self._operation, "the websocket was closed"))

    async def _keep_connected(self) -> None:
        backoff = Backoff(self._options.reconnect, self._clock)
        failures = refusals = 0
        while True:
            began = self._clock.now()
            self._received, self._close_reason, self._silence = 0, "", None
            was_open, error = await self._hold_connection()
            self._connection = None
            open_for = self._clock.now() - began
            is_refused = _is_refusal(error) and open_for <= self._options.reconnect.max_delay
            refusals = refusals + 1 if is_refused else 0
            if was_open:
                backoff.record_loss(open_for=open_for, has_received=self._received > 0 and not is_refused)
            else:
                self._finish_attempt(error)
            has_given_up = backoff.has_given_up or refusals >= _MAX_REFUSALS
            failures = 1 if self._received and not refusals else failures + 1
            if self._users and (failures == 1 or has_given_up):
                self._log_loss(error, has_given_up=has_given_up)
            self._owner.handle_loss(error, for_good=has_given_up)
            if not has_given_up and self._users:
                await self._wait_before_retry(backoff.next_delay())
            if has_given_up or not self._users:
                self._task = None
                return

    async def _hold_connection(self) -> tuple[bool, UpstreamError]:
        """Open one connection and read it to its end. Returns whether it was open, and how it ended."""
        try:
            connection = await open_connection(self._operation, self._options, self._tls, self._resolver)
        except UpstreamError as error:
            return False, error
        was_open, ended = False, None
        maintenance: asyncio.Task[None] | None = None
        try:
            login = self._options.login
            if login is not None:
                await sign_in(
                    self._operation, connection, self._options, login, self._owner.receive_message, self._clock
                )
            self._connection, was_open = connection, True
            self._finish_attempt("open")
            maintenance = asyncio.create_task(self._run_maintenance(connection))
            ended = await self._read_messages(connection)
        except UpstreamError as error:
            ended = error
        finally:
            last: list[bytes] = self._owner.list_last_messages() if ended is None and was_open else []
            if maintenance is not None:
                maintenance.cancel()
                await asyncio.wait({maintenance})
            self._close_reason = connection.close_reason or ""
            await _take_leave(connection, last)
            await connection.close(*(_STOPPING if self._is_closed else _IDLE if ended is None else _LOST))
        return was_open, ended

    def _log_loss(self, error: UpstreamError, *, has_given_up: bool) -> None:
        """Log the first failure in a row, and the end of it: an upstream that is away for hours is two lines."""
        fields = {
            "upstream": self._name,
            "code": error.upstream_code,
            "reason": self._close_reason,
            "error": str(error),
        }
        log.warning("websocket_given_up" if has_given_up else "websocket_lost", extra=fields)

    async def _run_maintenance(self, connection: ClientConnection) -> None:
        with suppress(UpstreamError):  # `_read_messages` notices a connection that breaks
            if self._options.ping is None:
                await self._owner.maintain()
                return
            maintaining = asyncio.ensure_future(self._owner.maintain())
            try:
                self._silence = await keep_pinging(
                    self._operation, self._options.ping, self._send_ping, lambda: self._received, self._clock
                )
            finally:
                maintaining.cancel()
                await asyncio.wait({maintaining})
            await connection.close(*_SILENT)

    async def _send_ping(self, message: bytes) -> None:
        await self.send(self._operation, message)

    async def _read_messages(self, connection: ClientConnection) -> UpstreamError:
        broken = None
        try:
            async for message in connection:
                self._received += 1
                await self._owner.receive_message(message)
        except ConnectionClosed as closed:
            broken = closed
        return self._silence or create_close_error(
            self._operation,
            broken,
            connection.close_code,
            self._options.max_reply_size,
            connection.close_reason or "",
        )

    async def _wait_before_retry(self, seconds: float) -> None:
        """Wait before the next attempt. A call that needs the socket cuts the wait down to the first delay."""
        self._needed.clear()
        least = min(seconds, self._options.reconnect.initial_delay)
        await self._clock.sleep(least)
        with suppress(TimeoutError):
            async with timeout_after(seconds - least, self._clock):
                await self._needed.wait()

    def _finish_attempt(self, outcome: Outcome) -> None:
        """Give the outcome to all that wait for the attempt, as a value, and prepare the next attempt."""
        attempt, self._attempt = self._attempt, SharedResult()
        attempt.finish(outcome)
