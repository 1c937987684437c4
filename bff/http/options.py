"""What bff.yaml says of how the gateway listens: `server`."""

from __future__ import annotations

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
    graphiql: bool = True
    """Whether browsers get GraphiQL."""
    compression: Compression | None = Field(default_factory=Compression)
    """Compress answers, never streams, as clients accept it; `null` where a proxy does."""
