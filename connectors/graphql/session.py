"""Subscriptions over the graphql-transport-ws protocol, the client's side, with a socket each. Used by the connector.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from connectors.contract import Call, Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.graphql.errors import failure, problems_in
from connectors.graphql.options import Options
from connectors.transport import HttpReply
from connectors.transport.reading import outgoing
from connectors.transport.status import error_for_status

_PROTOCOL = Subprotocol("graphql-transport-ws")
_ID = "1"
_GOODBYE_SECONDS = 1.0
_NOT_FOR_HANDSHAKES = ("accept", "accept-encoding", "content-type", "host", "origin", "user-agent")
_TOO_BIG = 1009
_BY_CLOSE_CODE: dict[int, type[UpstreamError]] = {
    1008: UpstreamRejected,
    1011: UpstreamFailed,
    1012: UpstreamUnavailable,
    1013: UpstreamUnavailable,
    4400: UpstreamRejected,
    4401: UpstreamUnauthenticated,
    4403: UpstreamForbidden,
    4406: UpstreamRejected,
    4408: UpstreamTimeout,
    4429: UpstreamRateLimited,
    4500: UpstreamFailed,
}
"""RFC 6455 section 7.4, the IANA registry beside it, and the protocol's own codes."""

_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.INFO)  # at DEBUG, websockets writes headers, and so secrets, into the log


class _Message(msgspec.Struct):
    type: str
    id: str = ""
    payload: msgspec.Raw = msgspec.Raw(b"null")


class _Connect(connect):
    """Redirects are not followed: they would take the headers of the call to somebody else."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class Subscriptions:
    """The subscriptions of one upstream that are open now."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._open: set[ClientConnection] = set()
        self._is_closed = False

    async def results(self, call: Call, request: bytes) -> AsyncGenerator[msgspec.Raw, None]:
        """Yield execution results, as JSON, until the upstream completes; closing the generator completes it there.

        At most 16 messages are read ahead; then the upstream has to wait (RFC 9293 flow control).
        """
        operation = call.operation
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        with self._upstream_errors(operation):
            socket = await self._connected(call)
        self._open.add(socket)
        is_over = False
        try:
            with self._upstream_errors(operation):
                await self._greet(call, socket)
                await _say(socket, {"id": _ID, "type": "subscribe", "payload": msgspec.Raw(request)})
            while not is_over:
                with self._upstream_errors(operation):
                    message = await _next_message(call, socket)
                if message.type == "next":
                    yield message.payload
                elif message.type == "error":
                    is_over = True
                    raise failure(operation, problems_in(_plain(operation, message.payload), call.headers))
                else:
                    is_over = message.type == "complete"
        finally:
            self._open.discard(socket)
            await _hang_up(socket, is_over=is_over)

    async def close(self) -> None:
        """Close every socket; their subscriptions end with UpstreamDisconnected."""
        self._is_closed = True
        await asyncio.gather(*(socket.close() for socket in self._open))

    async def _connected(self, call: Call) -> ClientConnection:
        options = self._options
        headers = outgoing(call.operation, call.headers)
        address = options.websocket
        socket = await _Connect(
            address,
            subprotocols=[_PROTOCOL],
            additional_headers={name: each for name, each in headers.items() if _belongs_to_handshake(name)},
            ssl=options.tls.context() if address.startswith("wss:") else None,
            proxy=None,
            compression=None,
            open_timeout=_soonest(options.connect_timeout, call.deadline),
            close_timeout=_GOODBYE_SECONDS,
            max_size=options.max_reply_size,
            max_queue=16,
            logger=_quiet,
        )
        if self._is_closed:
            await socket.close()
            raise UpstreamUnreachable(call.operation, "the connector is closed")
        if socket.subprotocol != _PROTOCOL:
            await socket.close()
            raise UpstreamBadReply(call.operation, f"the websocket does not speak {_PROTOCOL}")
        return socket

    async def _greet(self, call: Call, socket: ClientConnection) -> None:
        payload = {
            name: call.headers[name.lower()] for name in self._options.init_payload if name.lower() in call.headers
        }
        await _say(socket, {"type": "connection_init", **({"payload": payload} if payload else {})})
        try:
            async with asyncio.timeout(self._options.connect_timeout):
                message = await _next_message(call, socket)
        except TimeoutError as late:
            seconds = self._options.connect_timeout
            raise UpstreamTimeout(call.operation, f"no connection_ack within {seconds:.3g} s") from late
        if message.type != "connection_ack":
            raise UpstreamBadReply(call.operation, f"expected connection_ack, got {message.type[:40]!r}")

    @contextmanager
    def _upstream_errors(self, operation: Operation) -> Iterator[None]:
        """Translate what websockets raises."""
        try:
            yield
        except ConnectionClosed as closed:
            raise self._closed(operation, closed) from closed
        except InvalidStatus as refused:
            response = refused.response
            headers = {name.lower(): value for name, value in response.headers.raw_items()}
            error = error_for_status(operation, HttpReply(response.status_code, headers, b""))
            raise error or UpstreamBadReply(operation, "the handshake was answered with no websocket") from refused
        except InvalidURI as error:
            raise UpstreamRejected(operation, "the websocket URL cannot be used") from error
        except InvalidHandshake as error:
            raise UpstreamBadReply(operation, f"no websocket handshake: {type(error).__name__}") from error
        except TimeoutError as late:
            seconds = self._options.connect_timeout
            raise UpstreamUnreachable(operation, f"no websocket within {seconds:.3g} s") from late
        except (OSError, UnicodeError) as error:  # ssl.SSLError is an OSError; a bad host name is a UnicodeError
            raise UpstreamUnreachable(operation, f"no connection: {error}") from error

    def _closed(self, operation: Operation, closed: ConnectionClosed) -> UpstreamError:
        if self._is_closed:
            return UpstreamDisconnected(operation, "the connector was closed during the subscription")
        if closed.sent is not None and closed.sent.code == _TOO_BIG:
            limit = self._options.max_reply_size
            return UpstreamReplyTooLarge(operation, f"a message is larger than max_reply_size, which is {limit} bytes")
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        kind = _BY_CLOSE_CODE.get(code, UpstreamDisconnected)
        return kind(operation, f"the upstream closed the websocket with {code}", upstream_code=str(code))


async def _next_message(call: Call, socket: ClientConnection) -> _Message:
    """The next message that is not about the connection. Raises UpstreamTimeout at the call's deadline."""
    left = None if call.deadline is None else call.deadline - time.monotonic()
    try:
        async with asyncio.timeout(left):
            while True:
                message = _decoded(call.operation, await socket.recv(decode=False))
                if message.type == "ping":
                    await _say(socket, {"type": "pong"})
                elif message.type != "pong" and message.id in ("", _ID):
                    return message
    except TimeoutError as late:
        raise UpstreamTimeout(call.operation, "the deadline of the subscription has passed") from late


def _decoded(operation: Operation, text: bytes) -> _Message:
    try:
        return msgspec.json.decode(text, type=_Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamBadReply(operation, f"a message of the websocket cannot be read: {error}") from error


def _plain(operation: Operation, payload: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamBadReply(operation, f"the upstream's error cannot be read: {error}") from error


async def _say(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(msgspec.json.encode(message), text=True)


async def _hang_up(socket: ClientConnection, *, is_over: bool) -> None:
    """Complete the subscription, unless it is over, and close the socket; neither takes long."""
    with suppress(ConnectionClosed, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            if not is_over:
                await _say(socket, {"id": _ID, "type": "complete"})
    await socket.close()


def _belongs_to_handshake(name: str) -> bool:
    return name not in _NOT_FOR_HANDSHAKES and not name.startswith("sec-")


def _soonest(seconds: float, deadline: float | None) -> float:
    return seconds if deadline is None else max(0.0, min(seconds, deadline - time.monotonic()))
