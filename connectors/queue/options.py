"""What bff.yaml says of a message queue: `queue: nats://...` and the options below."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.aio.bounded_queue import Overflow
from connectors.options import ConnectorOptions, Duration
from connectors.queue.brokers import checked_address
from connectors.streams.reconnect import Reconnect


class Options(ConnectorOptions):
    """One message broker."""

    address: Annotated[str, AfterValidator(checked_address)]
    user: str | None = None
    """Who signs in at the broker."""
    password: SecretStr | None = None
    """Password of `user`."""
    token: SecretStr | None = None
    """Token to sign in with, instead of a user."""
    connect_timeout: Duration = 2.0
    """How long connecting, and every question to the broker itself, may take."""
    reconnect: Reconnect = Field(default_factory=Reconnect)
    """How long to wait before connecting again after a connection was lost."""
    buffer: int = Field(default=64, ge=1)
    """Messages kept for a viewer who is slower than the topic."""
    overflow: Overflow = "drop_oldest"
    """What happens when they are more: drop_oldest, coalesce (keep the newest) or disconnect."""
    durable: bool = False
    """Whether the broker stores messages: publishing waits until it has, and groups find what came while they were
    away. NATS does it with JetStream, in streams that hold the topics and that you create."""
    redeliver_after: Duration = 30.0
    """How long a stored message may be worked on before another member of the group gets it (NATS)."""
    backlog: int = Field(default=10_000, ge=1)
    """Messages that may wait for a group; more are refused (in memory; other brokers have their own limits)."""
