"""The options under `server` in bff.yaml: how the gateway listens."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.options import ConfigPath, Duration, Model, Size


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


class Options(Model):
    """How the gateway listens and answers."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on; 0.0.0.0 for all interfaces."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 picks a free port."""
    tls: Tls | None = None
    """Certificate and key for HTTPS. Without them the gateway serves HTTP."""
    max_body_size: Size = Field(default=1_000_000, ge=1)
    """Maximum size of a request body."""
    request_timeout: Duration = Field(default=10.0, gt=0)
    """Deadline of a request. All upstream calls of the request share it."""
    server_timing: bool = False
    """Send `Server-Timing` with the time spent per upstream, by name, in every response. When false, only a request
    with `x-server-timing: 1` gets the header, and it contains no names."""
    subscriptions: Subscriptions = Field(default_factory=Subscriptions)
    """Limits of subscriptions."""
    metrics: bool = True
    """Serve Prometheus metrics at /metrics. Block the path, and /ready, at your proxy."""
    graphiql: bool = True
    """Serve GraphiQL to browsers."""
    compression: Compression | None = Field(default_factory=Compression)
    """Compress responses, but not streams. Set it to `null` when your proxy compresses."""
