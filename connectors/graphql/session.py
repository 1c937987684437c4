"""Session: subscriptions over graphql-transport-ws, the client's side, each with a socket. Used by the connector.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.contract import Call, Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.graphql.errors import create_close_error, create_error, parse_problems
from connectors.graphql.options import Options
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices
from connectors.transport.reading import check_headers
from connectors.transport.resolve import Resolver
from connectors.transport.websocket import CLOSE_TIMEOUT, open_websocket

_PROTOCOL = "graphql-transport-ws"
_ID = "1"
_NOT_FOR_HANDSHAKES = ("accept", "accept-encoding", "content-type", "host", "origin", "user-agent")


class _Message(msgspec.Struct):
    type: str
    id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")


class Subscriptions:
    """The open subscriptions of one upstream."""

    def __init__(self, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._resolver = Resolver(options.dns, clock)
        self._open: set[ClientConnection] = set()
        self._is_closed = False

    async def subscribe(self, call: Call, request: bytes) -> AsyncGenerator[msgspec.Raw, None]:
        """Yield execution results, as JSON, until the upstream completes. Closing the generator sends `complete`.

        At most 16 messages are read ahead; then the upstream has to wait (RFC 9293 flow control).
        """
        operation = call.operation
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        socket = await self._connect(call)
        self._open.add(socket)
        is_over = False
        try:
            with self._upstream_errors(operation):
                await self._initialize(call, socket)
                await _send(socket, {"id": _ID, "type": "subscribe", "payload": msgspec.Raw(request)})
            while not is_over:
                with self._upstream_errors(operation):
                    message = await _receive(call, socket, self._clock)
                if message.type == "next":
                    yield message.payload
                elif message.type == "error":
                    is_over = True
                    errors = await decode_errors(operation, message.payload, self._bounds)
                    raise create_error(operation, parse_problems(errors, call.headers))
                else:
                    is_over = message.type == "complete"
        finally:
            self._open.discard(socket)
            await _close_socket(socket, is_over=is_over)

    async def close(self) -> None:
        """Close every socket; their subscriptions end with UpstreamDisconnected."""
        self._is_closed = True
        await asyncio.gather(*(socket.close() for socket in self._open))

    async def _connect(self, call: Call) -> ClientConnection:
        options = self._options
        headers = check_headers(call.operation, call.headers)
        address = options.websocket
        socket = await open_websocket(
            call.operation,
            address,
            headers={name: value for name, value in headers.items() if _belongs_to_handshake(name)},
            subprotocol=_PROTOCOL,
            tls=self._create_tls_context(call.operation),
            timeout=_shorten_timeout(options.connect_timeout, call.left(self._clock)),
            max_size=options.max_reply_size,
            resolver=self._resolver,
        )
        if self._is_closed:
            await socket.close()
            raise UpstreamUnreachable(call.operation, "the connector is closed")
        if socket.subprotocol != _PROTOCOL:
            await socket.close()
            raise UpstreamBadReply(call.operation, f"the websocket does not speak {_PROTOCOL}")
        return socket

    async def _initialize(self, call: Call, socket: ClientConnection) -> None:
        payload = {
            name: call.headers[name.lower()] for name in self._options.init_payload if name.lower() in call.headers
        }
        await _send(socket, {"type": "connection_init", **({"payload": payload} if payload else {})})
        try:
            async with timeout_after(self._options.connect_timeout, self._clock):
                message = await _receive(call, socket, self._clock)
        except TimeoutError as late:
            seconds = self._options.connect_timeout
            raise UpstreamTimeout(call.operation, f"no connection_ack within {seconds:.3g} s") from late
        if message.type != "connection_ack":
            raise UpstreamBadReply(call.operation, f"expected connection_ack, got {message.type[:40]!r}")

    def _create_tls_context(self, operation: Operation) -> ssl.SSLContext | None:
        if not self._options.websocket.startswith("wss:"):
            return None
        try:
            return self._options.tls.context()
        except (OSError, UnicodeError) as error:  # ssl.SSLError is an OSError
            raise UpstreamUnreachable(operation, f"no connection: {error}") from error

    @contextmanager
    def _upstream_errors(self, operation: Operation) -> Iterator[None]:
        """Translate the closing of the websocket."""
        try:
            yield
        except ConnectionClosed as closed:
            if self._is_closed:
                reason = "the connector was closed during the subscription"
                raise UpstreamDisconnected(operation, reason) from closed
            raise create_close_error(operation, closed, self._options.max_reply_size) from closed


async def _receive(call: Call, socket: ClientConnection, clock: Clock) -> _Message:
    """The next message of the subscription; answers pings. Raises UpstreamTimeout at the call's deadline."""
    try:
        async with timeout_after(call.left(clock), clock):
            while True:
                message = _decode_message(call.operation, await socket.recv(decode=False))
                if message.type == "ping":
                    await _send(socket, {"type": "pong"})
                elif message.type != "pong" and message.id in ("", _ID):
                    return message
    except TimeoutError as late:
        raise UpstreamTimeout(call.operation, "the deadline of the subscription has passed") from late


def _decode_message(operation: Operation, text: bytes) -> _Message:
    try:
        return msgspec.json.decode(text, type=_Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamBadReply(operation, f"a message of the websocket cannot be decoded: {error}") from error


async def decode_errors(operation: Operation, payload: msgspec.Raw, bounds: Bounds) -> Any:
    """The errors of an `error` message, up to `max_reply_size` of them. Raises UpstreamBadReply."""
    try:
        return await decode_json_in_slices(bytes(payload), bounds)
    except NotJson as error:
        raise UpstreamBadReply(operation, f"the upstream's error cannot be decoded: {error}") from error


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(msgspec.json.encode(message), text=True)


async def _close_socket(socket: ClientConnection, *, is_over: bool) -> None:
    """Send `complete`, unless the subscription is over, and close the socket, each within CLOSE_TIMEOUT."""
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            if not is_over:
                await _send(socket, {"id": _ID, "type": "complete"})
    await socket.close()


def _belongs_to_handshake(name: str) -> bool:
    return name not in _NOT_FOR_HANDSHAKES and not name.startswith("sec-")


def _shorten_timeout(seconds: float, left: float | None) -> float:
    return seconds if left is None else max(0.0, min(seconds, left))
