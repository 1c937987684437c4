"""What bff.yaml says of how the gateway listens: `server`."""

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
    """Make answers smaller for those who accept it: by gzip, and by zstd and br with the extra `compression`."""

    above: Size = Field(default=1000, ge=0)
    """Answers of more bytes are compressed."""


class Subscriptions(Model):
    """What subscribers may use, over any transport."""

    slow: Literal["wait", "drop_oldest", "coalesce", "disconnect"] = "wait"
    """What happens when a subscriber reads more slowly than events come. `wait`: the next event is asked for when the
    last one is written. The others keep up to `buffer` events and go on asking, so that no source waits; then
    drop_oldest loses the oldest, coalesce keeps the newest alone, disconnect ends the subscription with
    SUBSCRIBER_TOO_SLOW, and cuts the connection when not even that is read."""
    buffer: int = Field(default=64, ge=1)
    """Events kept for a subscription that is slow, and for an event stream that may be resumed."""
    most: int = Field(default=100, ge=1)
    """Most operations under way at once on one websocket or event stream."""
    streams: int = Field(default=1000, ge=0)
    """Most event streams of graphql-sse's single connection mode, reserved or open, in one process; 0 for none."""


class Options(Model):
    """The gateway's own door."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address to listen on; 0.0.0.0 for all."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 for a free one."""
    tls: Tls | None = None
    """Certificate and key for HTTPS; without them HTTP is served."""
    max_body: Size = Field(default=1_000_000, ge=1)
    """Largest request body."""
    request_timeout: Duration = Field(default=10.0, gt=0)
    """The one deadline of a request, passed on to every upstream call."""
    server_timing: bool = False
    """Tell everyone in `Server-Timing` where the time went, by the names of upstreams; else `x-server-timing: 1` asks,
    and is told no names."""
    subscriptions: Subscriptions = Field(default_factory=Subscriptions)
    """What subscribers may use."""
    metrics: bool = True
    """Whether /metrics tells Prometheus what was counted; keep it from strangers in the proxy, as /ready."""
    graphiql: bool = True
    """Whether browsers get GraphiQL."""
    compression: Compression | None = Field(default_factory=Compression)
    """Compress answers, never streams, as clients accept it; `null` where a proxy does."""
