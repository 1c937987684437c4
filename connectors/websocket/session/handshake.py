"""Opens the websocket of an upstream with its TLS context. Used by `socket`."""

from __future__ import annotations

import logging
import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from connectors.contract import Operation
from connectors.errors import DefinitionError
from connectors.websocket.errors import HANDSHAKE_ERRORS, handshake_error
from connectors.websocket.options import Options

_CLOSE_SECONDS = 1.0
_READ_AHEAD = 16
"""Messages read from the network before the upstream has to wait (RFC 9293 flow control)."""

_quiet = logging.getLogger(__name__)
_quiet.setLevel(logging.INFO)  # at DEBUG, websockets writes headers, and so secrets, into the log


class _Connect(connect):
    """Redirects are not followed: they would take the headers of the handshake to somebody else."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def tls_context(name: str, options: Options) -> ssl.SSLContext | None:
    """TLS as the options want it, None for ws://. Raises DefinitionError when a file is not usable."""
    if not options.address.startswith("wss:"):
        return None
    try:
        return options.tls.context()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise DefinitionError(f"upstreams.{name}.tls: {error}; check the files of ca, cert and key") from error


async def shake_hands(about: Operation, options: Options, tls: ssl.SSLContext | None) -> ClientConnection:
    """A new connection. Raises UpstreamError when there is none within `connect_timeout`."""
    try:
        return await _Connect(
            options.address,
            additional_headers={name: value.get_secret_value() for name, value in options.handshake_headers.items()},
            subprotocols=[Subprotocol(options.subprotocol)] if options.subprotocol else None,
            ssl=tls,
            proxy=None,
            compression="deflate" if options.compression else None,
            open_timeout=options.connect_timeout,
            ping_interval=options.ping_interval,
            ping_timeout=options.ping_interval,
            close_timeout=_CLOSE_SECONDS,
            max_size=options.max_reply_size,
            max_queue=_READ_AHEAD,
            logger=_quiet,
        )
    except HANDSHAKE_ERRORS as error:
        raise handshake_error(about, error, options.connect_timeout) from error
