"""The Transport protocol and the choice of its engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, Protocol

import msgspec
from pydantic import Field

from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Operation
from connectors.options import ConnectorOptions, Duration
from connectors.transport.resolve import DnsOptions


class HttpOptions(ConnectorOptions):
    """Options of every upstream that is called over HTTP."""

    engine: Literal["asyncio", "httpx"] = "asyncio"
    """HTTP client: `asyncio` is the gateway's own and fast, `httpx` supports custom auth and transports."""
    max_connections: int = 100
    """Maximum number of open connections to this upstream."""
    connect_timeout: Duration = 2.0
    """Maximum time to open a connection."""
    dns: DnsOptions = Field(default_factory=DnsOptions)
    """How the name of the host is looked up."""


class HttpReply(msgspec.Struct, frozen=True):
    """A whole HTTP response. Header names are in lower case, repeats joined with `, ` (RFC 9110 section 5.3)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Streamed:
    """A request body that is produced while it is sent, and can be produced again."""

    length: int
    """Bytes that all chunks have together."""
    chunks: Callable[[], AsyncGenerator[bytes, None]]


class Transport(Protocol):
    """Sends HTTP requests over a pool of connections that it owns. Keeps no cookies and follows no redirects."""

    async def request(
        self,
        operation: Operation,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | Streamed | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a part of the contract: engines hand it on
    ) -> HttpReply:
        """Send one request and read the whole response, whatever its status.

        `timeout` is in seconds for everything together. Raises UpstreamUnreachable, UpstreamDisconnected,
        UpstreamTimeout, UpstreamBadReply or UpstreamReplyTooLarge, and UpstreamRejected for a header that cannot be
        sent, naming `operation` and never a header's value.
        """

    async def close(self) -> None:
        """Close every connection. Idempotent; requests afterwards raise UpstreamUnreachable."""


def open_transport(options: HttpOptions, clock: Clock = SYSTEM_CLOCK) -> Transport:
    """Make the transport these options ask for, without any I/O. Call it inside the running loop."""
    engine: Transport = import_module(f"connectors.transport.{options.engine}_engine").Engine(options, clock)
    return engine
