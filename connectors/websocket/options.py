"""What bff.yaml says of a websocket upstream: `websocket: wss://...` and the options below."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from connectors.aio.bounded_queue import Overflow
from connectors.options import ConnectorOptions, Duration
from connectors.streams.reconnect import Reconnect


def _ws(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.fragment:
        raise ValueError("is no websocket URL; write it like ws://host:8080/path or wss://host/path")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password; take it out and set an authorization header in `handshake`")
    return address


class Options(ConnectorOptions):
    """One websocket upstream."""

    address: Annotated[str, AfterValidator(_ws)]
    handshake: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers of the handshake. The socket is shared by all viewers, so it carries nobody's own headers."""
    subprotocol: str | None = None
    """Sec-WebSocket-Protocol to ask for."""
    compression: bool = False
    """Whether to offer permessage-deflate (RFC 7692): fewer bytes for more CPU."""
    connect_timeout: Duration = 2.0
    """How long a handshake may take."""
    heartbeat: Duration = 20.0
    """How often to ping, and how long to wait for the pong."""
    idle: Duration = 60.0
    """How long the socket stays open without viewers and calls."""
    reconnect: Reconnect = Field(default_factory=Reconnect)
    """How long to wait before connecting again after a connection was lost."""
    buffer: int = Field(default=64, ge=1)
    """Messages kept for a viewer who is slower than the stream."""
    overflow: Overflow = "drop_oldest"
    """What happens when they are more: drop_oldest, coalesce (keep the newest) or disconnect."""
