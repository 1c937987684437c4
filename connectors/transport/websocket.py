"""Opens websockets, with failures as UpstreamErrors. Used by the sessions of connectors."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, NegotiationError
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from connectors.contract import Operation
from connectors.error_details import Closed
from connectors.error_reply import ErrorReply
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamRejected, UpstreamUnreachable
from connectors.transport.contract import HttpReply
from connectors.transport.deflate import ClientDeflate
from connectors.transport.resolve import Resolver
from connectors.transport.status import error_for_status
from connectors.transport.websocket_connection import BoundedConnection

CLOSE_TIMEOUT = 1.0
"""Seconds for the closing handshake (RFC 6455 section 7)."""
_READ_AHEAD = 16
"""Messages read from the network before the upstream has to wait (RFC 9293 flow control)."""
_MESSAGE_TOO_BIG = 1009  # RFC 6455 section 7.4.1
_HANDSHAKE_ERRORS = (InvalidHandshake, InvalidURI, TimeoutError, OSError, EOFError, ValueError)
"""ssl.SSLError is an OSError; a bad host name is a UnicodeError, which is a ValueError."""

_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.INFO)  # at DEBUG, websockets writes headers, and so secrets, into the log


class _Connect(connect):
    """Follows no redirects: they would send the headers of the handshake to another server."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def open_websocket(
    operation: Operation,
    address: str,
    *,
    headers: Mapping[str, str],
    subprotocol: str | Sequence[str] | None,
    tls: ssl.SSLContext | None,
    timeout: float,  # noqa: ASYNC109 - the library's own; the error names it
    max_size: int,
    resolver: Resolver,
    compression: bool = False,
    ping_interval: float = 20.0,
) -> ClientConnection:
    """Open a connection within `timeout` seconds. Raises UpstreamError. `ping_interval` is in seconds."""
    try:
        uri = parse_uri(address)
        async with asyncio.timeout(timeout):
            return await _Connect(
                address,
                sock=await resolver.open_socket(uri.host, uri.port),
                additional_headers=dict(headers),
                subprotocols=_list_subprotocols(subprotocol),
                ssl=tls,
                proxy=None,
                extensions=[ClientDeflate()] if compression else None,
                compression=None,
                create_connection=BoundedConnection,
                open_timeout=None,
                ping_interval=ping_interval,
                ping_timeout=ping_interval,
                close_timeout=CLOSE_TIMEOUT,
                max_size=max_size,
                max_queue=_READ_AHEAD,
                logger=_quiet,
            )
    except _HANDSHAKE_ERRORS as error:
        raise _handshake_error(operation, error, timeout) from error


def _list_subprotocols(offered: str | Sequence[str] | None) -> list[Subprotocol] | None:
    names = [offered] if isinstance(offered, str) else offered or ()
    return [Subprotocol(name) for name in names if name] or None


def is_too_big(closed: ConnectionClosed) -> bool:
    """Whether the connection was closed because a message was larger than `max_size`."""
    return closed.sent is not None and closed.sent.code == _MESSAGE_TOO_BIG


def make_close_reply(code: int | None, reason: str) -> ErrorReply:
    """The code and reason of a closed connection, for the error that it means."""
    return ErrorReply(code, details=[Closed(code, reason)])


def _handshake_error(operation: Operation, error: Exception, timeout: float) -> UpstreamError:
    if isinstance(error, InvalidStatus):
        return _status_error(operation, error)
    if isinstance(error, InvalidURI):
        return UpstreamRejected(operation, "the websocket URL cannot be used")
    if isinstance(error, NegotiationError):
        return UpstreamBadReply(operation, "the upstream chose a subprotocol or extension that was not offered")
    if isinstance(error, InvalidHandshake):
        if isinstance(error.__cause__, EOFError | OSError):  # TLS 1.3 refuses a client's certificate that late
            return UpstreamUnreachable(operation, "the connection broke during the handshake")
        return UpstreamBadReply(operation, f"no websocket handshake: {type(error).__name__}")
    if isinstance(error, TimeoutError):
        return UpstreamUnreachable(operation, f"no websocket within {timeout:.3g} s")
    return UpstreamUnreachable(operation, f"no connection: {type(error).__name__}")


def _status_error(operation: Operation, refused: InvalidStatus) -> UpstreamError:
    response = refused.response
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    error = error_for_status(operation, HttpReply(response.status_code, headers, bytes(response.body or b"")))
    return error or UpstreamBadReply(operation, "the handshake was answered without a websocket")
