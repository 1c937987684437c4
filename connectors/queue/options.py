"""The options of a message queue in bff.yaml: `orders: {queue: "nats://127.0.0.1:4222", ...}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.aio.bounded_queue import Overflow
from connectors.options import ConnectorOptions, Duration
from connectors.queue.brokers import check_address
from connectors.streams.reconnect import Reconnect
from connectors.transport.resolve import DnsOptions


class Options(ConnectorOptions):
    """One message broker."""

    address: Annotated[str, AfterValidator(check_address)]
    username: str | None = None
    """User name at the broker."""
    password: SecretStr | None = None
    """Password of `username`."""
    token: SecretStr | None = None
    """Token for the broker, instead of a user name."""
    connect_timeout: Duration = 2.0
    """Maximum time to connect, and of each command to the broker."""
    dns: DnsOptions = Field(default_factory=DnsOptions)
    """How the name of the broker is looked up."""
    reconnect: Reconnect = Field(default_factory=Reconnect)
    """Delays before reconnecting after a lost connection."""
    buffer: int = Field(default=64, ge=1)
    """Number of messages kept for a subscriber that is slower than the topic."""
    overflow: Overflow = "drop_oldest"
    """What happens when the buffer is full: drop_oldest, coalesce (keep the newest only) or disconnect."""
    durable: bool = False
    """Let the broker store messages: publishing waits until a message is stored, and a group receives messages that
    arrived while it was disconnected. NATS uses JetStream; create the streams for the topics yourself."""
    ack_timeout: Duration = 30.0
    """Time to process a stored message before another member of the group receives it (NATS)."""
    max_backlog: int = Field(default=10_000, ge=1)
    """Maximum number of messages waiting for a group; more are refused (in memory; other brokers have their own
    limits)."""
