"""The options of a websocket upstream in bff.yaml: `ticker: {websocket: "wss://ticker.example", ...}`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from connectors.aio.bounded_queue import Overflow
from connectors.options import ConnectorOptions, Duration, Model
from connectors.streams.reconnect import Reconnect
from connectors.transport.resolve import DnsOptions
from connectors.websocket.session.patterns import check_pattern
from connectors.websocket.session.replies import check_rule


def _ws(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in {"ws", "wss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or parts.fragment:
        raise ValueError("is not a websocket URL; write it like ws://host:8080/path or wss://host/path")
    if "@" in parts.netloc:
        raise ValueError("holds a user or password; take it out and set an authorization header in `handshake_headers`")
    return address


Pattern = Annotated[str | dict[str, Any], AfterValidator(check_pattern)]
"""A known message: its text, or paths of its fields and their values."""


class Login(Model):
    """The message that is sent first over each connection. Nothing else is sent before it is answered."""

    message: dict[str, Any] = Field(repr=False)
    """The message, with secrets from variables such as `${TICKER_TOKEN}`."""
    answer: Pattern | None = None
    """Fields of the message that accepts, such as `{event: login, code: 0}`; without it, nothing is waited for."""
    error: Pattern | None = None
    """Fields of the message that refuses, such as `{event: error}`; subscriptions end with UPSTREAM_UNAUTHENTICATED."""
    timeout: Duration = 5.0
    """Maximum time until the answer."""


class Ping(Model):
    """A ping that is a message, for upstreams that close connections without one."""

    message: str | dict[str, Any]
    """The message, as a text (`ping`) or as fields (`{op: ping}`)."""
    answer: Pattern | None = None
    """The answer, as a text or fields; it is no event then."""
    interval: Duration = 20.0
    """Interval of the pings."""
    timeout: Duration = 10.0
    """Time after a ping in which a message must come, or the connection is lost; at most `interval`."""


class PingReply(Model):
    """The answer to a ping that the upstream sends as a message."""

    to: Pattern | None = None
    """Fields of the upstream's message, or its text. Without it, a message is one that has all values of the answer."""
    message: str | dict[str, Any]
    """The answer, as a text or as fields; `"{ping}"` is the value of the field `ping` of the upstream's message."""

    @model_validator(mode="after")
    def _check(self) -> PingReply:
        check_rule(self.to, self.message)
        return self


class Options(ConnectorOptions):
    """One websocket upstream."""

    address: Annotated[str, AfterValidator(_ws)]
    handshake_headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers of the handshake. All subscribers share the socket, so it carries no headers of a client."""
    subprotocol: str | None = None
    """Sec-WebSocket-Protocol to request."""
    compression: bool = False
    """Offer permessage-deflate (RFC 7692): fewer bytes for more CPU."""
    connect_timeout: Duration = 2.0
    """Maximum time of a handshake."""
    dns: DnsOptions = Field(default_factory=DnsOptions)
    """How the name of the host is looked up."""
    ping_interval: Duration = 20.0
    """Interval of pings, and maximum time until the pong arrives."""
    login: Login | None = None
    """A message that signs in, after each handshake."""
    ping: Ping | None = None
    """A ping that is a message."""
    ping_replies: list[PingReply] = Field(default_factory=list)
    """Answers to pings that the upstream sends as messages, such as `[{message: {pong: "{ping}"}}]`."""
    ignore: list[Pattern] = Field(default_factory=list)
    """Messages that are no events and are not reported as such: texts (`pong`), or fields (`{type: heartbeat}`)."""
    idle_timeout: Duration = 60.0
    """How long the shared socket stays open without subscribers and calls."""
    max_own_sockets: int = Field(default=1000, ge=1)
    """Maximum number of sockets of subscriptions with `socket="own"`; a subscription beyond it is refused."""
    reconnect: Reconnect = Field(default_factory=Reconnect)
    """Delays before reconnecting after a lost connection."""
    buffer: int = Field(default=64, ge=1)
    """Number of messages kept for a subscriber that is slower than the stream."""
    overflow: Overflow = "drop_oldest"
    """What happens when the buffer is full: drop_oldest, coalesce (keep the newest only) or disconnect."""
