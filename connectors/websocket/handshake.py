"""Opens the websocket of an upstream and says in our words why it cannot be opened. Used by `socket`."""

from __future__ import annotations

import logging
import ssl

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from connectors.contract import Operation
from connectors.errors import DefinitionError, UpstreamBadReply, UpstreamError, UpstreamUnreachable
from connectors.transport import HttpReply
from connectors.transport.status import error_for_status
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
            additional_headers={name: value.get_secret_value() for name, value in options.handshake.items()},
            subprotocols=[Subprotocol(options.subprotocol)] if options.subprotocol else None,
            ssl=tls,
            proxy=None,
            compression="deflate" if options.compression else None,
            open_timeout=options.connect_timeout,
            ping_interval=options.heartbeat,
            ping_timeout=options.heartbeat,
            close_timeout=_CLOSE_SECONDS,
            max_size=options.max_reply,
            max_queue=_READ_AHEAD,
            logger=_quiet,
        )
    except InvalidStatus as refused:
        raise _refusal(about, refused) from refused
    except (InvalidHandshake, InvalidURI) as error:
        if isinstance(error.__cause__, EOFError | OSError):  # TLS 1.3 refuses a client's certificate that late
            raise UpstreamUnreachable(about, "the connection broke during the handshake") from error
        raise UpstreamBadReply(about, f"no websocket handshake: {type(error).__name__}") from error
    except TimeoutError as error:
        raise UpstreamUnreachable(about, f"no websocket within {options.connect_timeout:.3g} s") from error
    except (OSError, EOFError, ValueError) as error:  # a bad host name is a UnicodeError, which is a ValueError
        raise UpstreamUnreachable(about, f"no connection: {type(error).__name__}") from error


def _refusal(about: Operation, refused: InvalidStatus) -> UpstreamError:
    response = refused.response
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    error = error_for_status(about, HttpReply(response.status_code, headers, b""))
    return error or UpstreamBadReply(about, "the handshake was answered with no websocket")
