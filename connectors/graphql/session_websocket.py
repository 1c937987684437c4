"""Session: subscriptions over websockets, the client's side, each with a socket. Used by `session`.

Sources: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md (graphql-transport-ws) and
https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md (graphql-ws, the older one).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after
from connectors.contract import Call, Operation
from connectors.errors import UpstreamBadReply, UpstreamDisconnected, UpstreamTimeout, UpstreamUnreachable
from connectors.graphql.errors import create_close_error, create_error, create_init_error, parse_problems
from connectors.graphql.options import Options
from connectors.messages.json_mending import UNREADABLE, keep_structure
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices
from connectors.transport.reading import check_headers
from connectors.transport.resolve import Resolver
from connectors.transport.websocket import CLOSE_TIMEOUT, open_websocket

_ID = "1"
_BAD_REQUEST = 4400
"""The close code of both protocols for a message that does not belong there."""
_MAX_REASON = 100
"""Characters of the reason of a closing frame, whose payload has at most 125 bytes (RFC 6455, section 5.5)."""
_NOT_FOR_HANDSHAKES = ("accept", "accept-encoding", "content-type", "host", "origin", "user-agent")


@dataclass(frozen=True, slots=True)
class Subprotocol:
    """What the types of messages are called."""

    name: str
    start: str
    next: str
    stop: str
    ignored: frozenset[str]
    """Types that say nothing about the subscription."""
    says_goodbye: bool = False
    """Whether the client sends `connection_terminate`."""


TRANSPORT_WS = Subprotocol("graphql-transport-ws", "subscribe", "next", "complete", frozenset({"pong"}))
LEGACY = Subprotocol("graphql-ws", "start", "data", "stop", frozenset({"ka", "connection_ack"}), says_goodbye=True)
SUBPROTOCOLS: Mapping[str, Subprotocol] = {each.name: each for each in (TRANSPORT_WS, LEGACY)}


class _Message(msgspec.Struct):
    type: str
    id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")


class Websockets:
    """The open websockets of one upstream."""

    def __init__(self, options: Options, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._resolver = Resolver(options.dns, clock)
        self._open: set[ClientConnection] = set()
        self._is_closed = False

    async def connect(self, call: Call, subprotocols: Sequence[str]) -> tuple[ClientConnection, Subprotocol]:
        """Open a websocket that speaks one of these, the first preferred. Raises UpstreamError."""
        options, operation = self._options, call.operation
        self._require_open(operation)
        headers = check_headers(operation, call.headers)
        socket = await open_websocket(
            operation,
            options.websocket,
            headers={name: value for name, value in headers.items() if _belongs_to_handshake(name)},
            subprotocol=subprotocols,
            tls=self._create_tls_context(operation),
            timeout=_shorten_timeout(options.connect_timeout, call.left(self._clock)),
            max_size=options.max_reply_size,
            resolver=self._resolver,
        )
        try:
            self._require_open(operation)
        except UpstreamUnreachable:
            await socket.close()
            raise
        chosen = SUBPROTOCOLS.get(str(socket.subprotocol))
        if chosen is None:
            await socket.close()
            offered = " and ".join(subprotocols)
            raise UpstreamBadReply(
                operation, f"the websocket does not speak the subprotocols that were offered: {offered}"
            )
        return socket, chosen

    async def subscribe(
        self, call: Call, request: bytes, socket: ClientConnection, subprotocol: Subprotocol
    ) -> AsyncGenerator[msgspec.Raw, None]:
        """Yield execution results, as JSON, until the upstream completes. Closing the generator ends it upstream.

        At most 16 messages are read ahead; then the upstream has to wait (RFC 9293 flow control).
        """
        operation = call.operation
        self._open.add(socket)
        is_over = False
        try:
            with self._upstream_errors(operation):
                await self._initialize(call, socket, subprotocol)
                await _send(socket, {"id": _ID, "type": subprotocol.start, "payload": msgspec.Raw(request)})
            while not is_over:
                with self._upstream_errors(operation):
                    message = await self._receive(call, socket, subprotocol)
                if message.type == subprotocol.next:
                    yield message.payload
                elif message.type == "error":
                    is_over = True
                    errors = await decode_errors(operation, message.payload, self._bounds)
                    problems = parse_problems([errors] if isinstance(errors, dict) else errors, call.headers)
                    raise create_error(operation, problems)
                elif message.type == "complete":
                    is_over = True
                else:
                    is_over = True
                    raise await _refuse_message(call, socket, message)
        finally:
            self._open.discard(socket)
            await _close_socket(socket, subprotocol, is_over=is_over)

    async def close(self) -> None:
        """Close every socket; their subscriptions end with UpstreamDisconnected."""
        self._is_closed = True
        await asyncio.gather(*(socket.close() for socket in self._open))

    async def _initialize(self, call: Call, socket: ClientConnection, subprotocol: Subprotocol) -> None:
        payload = {
            name: call.headers[name.lower()] for name in self._options.init_payload if name.lower() in call.headers
        }
        await _send(socket, {"type": "connection_init", **({"payload": payload} if payload else {})})
        seconds = self._options.connect_timeout
        try:
            async with timeout_after(seconds, self._clock):
                message = await self._receive(call, socket, subprotocol, until_ack=True)
        except TimeoutError as late:
            raise UpstreamTimeout(call.operation, f"no connection_ack within {seconds:.3g} s") from late
        if message.type == "connection_error":
            errors = await decode_errors(call.operation, message.payload, self._bounds)
            raise create_init_error(call.operation, errors, call.headers)
        if message.type != "connection_ack":
            raise await _refuse_message(call, socket, message, "connection_ack")

    async def _receive(
        self, call: Call, socket: ClientConnection, subprotocol: Subprotocol, *, until_ack: bool = False
    ) -> _Message:
        """The next message of the subscription; answers pings. Raises UpstreamTimeout at the call's deadline."""
        try:
            async with timeout_after(call.left(self._clock), self._clock):
                while True:
                    message = _decode_message(call.operation, await socket.recv(decode=False))
                    if message.type == "ping" and subprotocol is TRANSPORT_WS:
                        await _send(socket, {"type": "pong"})
                        continue
                    is_awaited = until_ack and message.type == "connection_ack"
                    if is_awaited or (message.type not in subprotocol.ignored and message.id in ("", _ID)):
                        return message
        except TimeoutError as late:
            raise UpstreamTimeout(call.operation, "the deadline of the subscription has passed") from late

    def _require_open(self, operation: Operation) -> None:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")

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


def _decode_message(operation: Operation, text: bytes) -> _Message:
    try:
        try:
            return msgspec.json.decode(text, type=_Message)
        except UNREADABLE:
            kept = keep_structure(text)
            if kept is None:
                raise
            return msgspec.json.decode(kept, type=_Message)
    except (*UNREADABLE, RecursionError) as error:
        raise UpstreamBadReply(operation, f"a message of the websocket cannot be decoded: {error}") from error


async def decode_errors(operation: Operation, payload: msgspec.Raw, bounds: Bounds) -> Any:
    """The errors of an `error` message, up to `max_reply_size` of them. Raises UpstreamBadReply."""
    try:
        return await decode_json_in_slices(bytes(payload), bounds)
    except NotJson as error:
        raise UpstreamBadReply(operation, f"the upstream's error cannot be decoded: {error}") from error


async def _refuse_message(
    call: Call, socket: ClientConnection, message: _Message, expected: str = "an event"
) -> UpstreamBadReply:
    """Close the websocket because of a message that does not belong there."""
    kind = ascii(message.type[:40])
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(_BAD_REQUEST, f"unexpected message of type {kind}"[:_MAX_REASON])
    return UpstreamBadReply(call.operation, f"expected {expected}, got a message of type {kind}")


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(msgspec.json.encode(message), text=True)


async def _close_socket(socket: ClientConnection, subprotocol: Subprotocol, *, is_over: bool) -> None:
    """End the subscription, unless it is over, and close the socket, each within CLOSE_TIMEOUT."""
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT):
            if not is_over:
                await _send(socket, {"id": _ID, "type": subprotocol.stop})
            if subprotocol.says_goodbye:
                await _send(socket, {"type": "connection_terminate"})
    await socket.close()


def _belongs_to_handshake(name: str) -> bool:
    return name not in _NOT_FOR_HANDSHAKES and not name.startswith("sec-")


def _shorten_timeout(seconds: float, left: float | None) -> float:
    return seconds if left is None else max(0.0, min(seconds, left))
