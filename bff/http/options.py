"""The options under `server` in bff.yaml: how the gateway listens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from pydantic import Field, field_validator

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.options import ConfigPath, Duration, Model, Size

_HOST_PATTERN = re.compile(r"<local>|\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[?[0-9A-Fa-f:.]+\]?")


class Tls(Model):
    """Serve HTTPS instead of HTTP."""

    cert: ConfigPath
    """Certificate chain (PEM)."""
    key: ConfigPath
    """Private key (PEM)."""


class Compression(Model):
    """Compress responses for clients that accept it: gzip, and zstd and br with the extra `compression`."""

    min_size: Size = Field(default=1000, ge=0)
    """Responses larger than this are compressed."""


class Subscriptions(Model):
    """Limits of subscriptions, over any transport."""

    overflow: Literal["wait", "drop_oldest", "coalesce", "disconnect"] = "wait"
    """What happens when a subscriber reads more slowly than events arrive. `wait`: the gateway requests the next event
    after it has written the last one. The other three keep up to `buffer` events, so the source never waits. When the
    buffer is full, `drop_oldest` drops the oldest event, `coalesce` keeps the newest event only, and `disconnect` ends
    the subscription with SUBSCRIBER_TOO_SLOW; the connection is closed if the client does not read this in time."""
    buffer: int = Field(default=64, ge=1)
    """Number of events kept for a slow subscription, and for an event stream that can be resumed."""
    max_operations: int = Field(default=100, ge=1)
    """Maximum number of concurrent operations on one websocket or event stream."""
    max_streams: int = Field(default=1000, ge=0)
    """Maximum number of event streams of graphql-sse's single connection mode, reserved or open, in one process; 0
    turns this mode off."""
    max_streams_per_address: int = Field(default=100, ge=1)
    """How many of them one client address may have (IPv6: one network of 64 bits). Behind a proxy, set
    `server.trusted_proxies`, or all clients have one address."""


class Websockets(Model):
    """Limits of what clients send over websockets."""

    compression: bool = True
    """Accept and send compressed messages (permessage-deflate, RFC 7692) where the client offers it."""
    max_message_size: Size = Field(default=1_000_000, ge=1)
    """Maximum size of a message after decompression; a larger one closes the websocket with 1009."""
    max_per_address: int = Field(default=1000, ge=1)
    """Maximum number of websockets of one client address in one process; a further handshake gets TOO_MANY_WEBSOCKETS,
    status 429. Behind a proxy, list it in `trusted_proxies`, or all clients share the proxy's address."""
    max_init_size: Size = Field(default=65_536, ge=1)
    """The same before the client has sent `connection_init` and it is acknowledged."""
    max_ratio: int = Field(default=100, ge=2)
    """How many times its compressed size a message over 64 KiB may have; more closes the websocket with 1009."""
    max_buffered: Size = Field(default=16_000_000, ge=1)
    """Maximum size of messages over all websockets of one process that are incomplete or not handled yet; beyond it,
    the websocket that has held some for the longest time is closed with 1013. The messages of running operations have
    the same limit; beyond it, operations are refused."""
    max_connection_buffered: Size = Field(default=4_000_000, ge=1)
    """Maximum size of the messages whose operations run on one websocket; operations beyond it are refused. A first
    operation always runs."""


class Admin(Model):
    """A port for operators: /live, /ready and /metrics, without TLS."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on."""
    port: int = Field(ge=0, le=65535)
    """Port to listen on; 0 picks a free port."""


class Uploads(Model):
    """Limits of request bodies and files, over all requests of one process."""

    max_bytes: Size = Field(default=256_000_000, ge=1)
    """Maximum size of all request bodies and uploaded files that the process holds at once, in memory and on disk. A
    request that needs more is refused with SERVER_OVERLOADED and `Retry-After`."""


class Options(Model):
    """How the gateway listens and answers."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on; 0.0.0.0 for all interfaces."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 picks a free port."""
    hosts: tuple[str, ...] | None = None
    """Host names, without port, that the gateway answers to; others get HOST_NOT_ALLOWED. `*.shop.example` stands for
    all names below shop.example, `<local>` for all names without a dot, `*` for every name. The default is localhost,
    127.0.0.1, ::1 and `<local>` if the gateway listens on loopback, so that no web page reaches it by a name of its own
    (DNS rebinding), and every name otherwise. /live and /ready answer to every name."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks, such as 10.0.0.0/8, of proxies. Only from these the headers `X-Forwarded-For`,
    `X-Forwarded-Proto`, `X-Forwarded-Host` and `Forwarded` say the client's address, the scheme and the host. From
    others they are removed."""
    tls: Tls | None = None
    """Certificate and key for HTTPS. Without them the gateway serves HTTP."""
    status_codes: Literal["classic", "draft"] = "classic"
    """`draft` sends the statuses of the newest draft of GraphQL over HTTP: 294 for data beside errors, 422 for requests
    that do not validate, and other than 200 for application/json too. `classic` sends 200 and 400 as clients expect."""
    max_body_size: Size = Field(default=1_000_000, ge=1)
    """Maximum size of a request body."""
    max_header_size: Size = Field(default=65536, ge=4096)
    """Maximum size of a request line with headers, also of a websocket handshake; a larger one gets status 431, or
    414 if the URL takes most of it."""
    max_connections: int = Field(default=10_000, ge=1)
    """Maximum number of connections of one process, at most three quarters of the files that it may open. Each one
    beyond is answered with SERVER_OVERLOADED and closed; only /live and /ready are answered still."""
    max_requests: int = Field(default=1000, ge=1)
    """Maximum number of concurrent requests of one process, without websockets and streams of events. A request
    beyond is refused with SERVER_OVERLOADED and `Retry-After`, except /live and /ready."""
    write_timeout: Duration = Field(default=30.0, gt=0)
    """A connection is aborted when its client reads nothing of what was sent for so long."""
    max_unsent: Size = Field(default=64_000_000, ge=1)
    """Maximum size of what waits for clients that read slowly, over all connections of one process. Beyond it the
    connections that made no progress for the longest time are aborted. Responses over 64 KiB are encoded only while
    clients have read all but half of it; at most 16 wait for that, further ones get `SERVER_OVERLOADED`."""
    uploads: Uploads = Field(default_factory=Uploads)
    """How much of bodies and files the process holds."""
    shutdown_delay: Duration = Field(default=0.0, ge=0)
    """After SIGTERM, /ready answers 503 and all else goes on for so long, so that load balancers notice. In production
    the default is 5s. Ctrl-C does not wait."""
    grace_period: Duration = Field(default=15.0, ge=0)
    """After the delay, requests under way may take this long to finish; then they are aborted."""
    request_timeout: Duration = Field(default=10.0, gt=0)
    """Deadline of a request. All upstream calls of the request share it."""
    max_prepare_queue: int = Field(default=256, ge=1)
    """Maximum number of documents that wait to be parsed and validated because the gateway does not know them yet.
    Beyond it, the client address with most of them gets TOO_MANY_DOCUMENTS."""
    server_timing: bool = False
    """Send `Server-Timing` with the time spent on upstreams in every response. When false, only a request with
    `x-server-timing: 1` gets the header."""
    server_timing_names: bool = True
    """Name the upstreams in `Server-Timing`. In production the default is false."""
    websocket: Websockets = Field(default_factory=Websockets)
    """Limits of the messages that clients send over websockets."""
    subscriptions: Subscriptions = Field(default_factory=Subscriptions)
    """Limits of subscriptions."""
    metrics: bool = True
    """Serve Prometheus metrics at /metrics of this port. In production the default is false. With `admin` they are
    at its port only."""
    ready_details: bool = True
    """Name in /ready the upstreams that are not reached. In production the default is false. With `admin` they are
    named at its port only."""
    admin: Admin | None = None
    """Serve /live, /ready with details, and /metrics at a port of their own. With several workers each request is
    answered by any of them."""
    frontend_names: bool = True
    """List the names of the frontends in errors. In production the default is false."""
    graphiql: bool = True
    """Serve GraphiQL to browsers. In production the default is false."""
    compression: Compression | None = Field(default_factory=Compression)
    """Compress responses, but not streams. Set it to `null` when your proxy compresses."""

    @field_validator("hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for each in value or ():
            if not _HOST_PATTERN.fullmatch(each):
                raise ValueError(f"{each!r} is not a host name; write shop.example, *.shop.example, 10.0.0.1 or *")
        return None if value is None else tuple(each.lower().strip("[]") for each in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each)
            except ValueError as error:
                raise ValueError(f"{error}; write an address or a network, such as 10.0.0.0/8") from None
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long the server and its transports wait, in seconds.

    Not in bff.yaml: the defaults suit production. Tests hand in shorter ones, or a clock of their own.
    """

    clock: Clock = SYSTEM_CLOCK
    """Measures the waits of transports; those of the server's connections are measured by the event loop."""

    head: float = 15.0
    """A client may take this long to send a request line with headers, or the rest of a body that was refused."""
    body: float = 15.0
    """A request body may take this long to arrive."""
    idle_connection: float = 75.0
    """A connection without a request is kept this long: longer than load balancers keep theirs (60 s), so that the
    balancer closes first."""
    idle_at_stop: float = 1.0
    """A connection without a request is kept this long after the process gets the signal to stop: a request may be on
    its way. Its response closes the connection."""
    linger: float = 2.0
    """A refused client may take this long to read why before the connection is closed."""
    reserved_head: float = 1.0
    """A client beyond `max_connections` may take this long to ask for /live or /ready."""
    lifespan_end: float = 10.0
    """The application may take this long to close what it uses when the server stops."""
    close: float = 5.0
    """A websocket client may take this long to read what precedes the close frame, and again to answer the close."""
    connection_init: float = 5.0
    """A websocket client may take this long to send connection_init."""
    operation_end: float = 1.0
    """A completed websocket operation may take this long to end before the next message is read."""
    unread_stream: float = 15.0
    """An event stream without a reader is kept this long, before its first reader and after each."""
    slow_subscriber: float = 5.0
    """A subscriber that is too slow may take this long to read SUBSCRIBER_TOO_SLOW before the connection is aborted."""
    sse_keep_alive: float = 12.0
    """After this long without an event a comment keeps proxies from closing the connection."""
    multipart_heartbeat: float = 5.0
    """After this long without an event an empty part keeps proxies from closing the connection."""
    legacy_keep_alive: float = 12.0
    """The interval between two `ka` messages of the subprotocol graphql-ws."""
