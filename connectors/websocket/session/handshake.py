"""Opens the websocket of an upstream as its options say. Used by `socket`."""

from __future__ import annotations

import ssl

from websockets.asyncio.client import ClientConnection

from connectors.contract import Operation
from connectors.errors import DefinitionError
from connectors.transport.resolve import Resolver
from connectors.transport.websocket import open_websocket
from connectors.websocket.options import Options


def create_tls_context(name: str, options: Options) -> ssl.SSLContext | None:
    """The TLS context of the options; None for ws://. Raises DefinitionError for a file that is not usable."""
    if not options.address.startswith("wss:"):
        return None
    try:
        return options.tls.context()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise DefinitionError(f"upstreams.{name}.tls: {error}; check the files of ca, cert and key") from error


async def open_connection(
    operation: Operation, options: Options, tls: ssl.SSLContext | None, resolver: Resolver
) -> ClientConnection:
    """Open a connection. Raises UpstreamError when that fails or takes longer than `connect_timeout`."""
    return await open_websocket(
        operation,
        options.address,
        headers={name: value.get_secret_value() for name, value in options.handshake_headers.items()},
        subprotocol=options.subprotocol,
        tls=tls,
        timeout=options.connect_timeout,
        max_size=options.max_reply_size,
        resolver=resolver,
        compression=options.compression,
        ping_interval=options.ping_interval,
    )
