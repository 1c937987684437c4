"""The contract of a broker: Message in and out, Subscription, and a Broker with five methods.

A new broker is one module beside this one with a class `Broker(address, settings)`, a line in the table of schemes
(`brokers/__init__.py`), and an extra in pyproject.toml. tests/connectors/queue/brokers/test_contract.py runs over all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from connectors.options import TlsOptions
from connectors.transport.resolve import DnsOptions

ERROR_HEADER = "bff-error"
"""Header of an answer that reports a failure; its value is the responder's code of the failure."""


class BrokerError(Exception):
    """A broker did not do what was called for. The text names no address and no secret."""

    def __init__(self, text: str = "", *, code: str = "", description: str = "") -> None:
        """`code` and `description` are the broker's own, where its protocol has them."""
        super().__init__(text)
        self.code = code
        self.description = description


class BrokerUnreachable(BrokerError):
    """There is no connection, and nothing was sent."""


class BrokerDisconnected(BrokerError):
    """The connection broke; what was sent may have arrived."""


class BrokerRefused(BrokerError):
    """The broker refused the call: the message is too large, or nothing stores the topic."""


class BrokerDenied(BrokerRefused):
    """The credentials are wrong, or the user lacks the permission."""


class BrokerFull(BrokerRefused):
    """Too many messages are waiting; the message was not taken."""


class NoResponders(BrokerError):
    """No responder subscribes to the topic of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a broker, from the options in bff.yaml. A broker ignores those that it has no use for."""

    connect_timeout: float = 2.0
    """Seconds to connect, and for each command to the broker."""
    max_backlog: int = 10_000
    """Maximum number of messages that wait for a group."""
    ack_timeout: float = 30.0
    """Seconds to acknowledge a stored message; then another member of the group gets it."""
    tls: TlsOptions = field(default_factory=TlsOptions)
    dns: DnsOptions = field(default_factory=DnsOptions)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    count_dropped: Callable[[int], None] = field(default=lambda number: None, repr=False, compare=False)
    """Called with the number of messages that came and that no subscriber will read."""


Acknowledge = Callable[[bool], Awaitable[None]]
"""Called with True to acknowledge a message, with False to give it back. Raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. Topics are tokens joined by dots, as `orders.placed`."""

    topic: str
    body: bytes
    content_type: str = "application/json"
    key: str | None = None
    """Messages of one key stay in order where the broker partitions."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    reply_to: str | None = None
    """Topic of the answer, on a request."""
    correlation_id: str | None = None
    """The same on a request and its answer."""
    acknowledge: Acknowledge | None = field(default=None, repr=False, compare=False)
    """Set by the broker on messages of a group."""

    async def ack(self) -> None:
        """Acknowledge that the message is processed. The first `ack` or `nack` of a message counts."""
        if self.acknowledge is not None:
            await self.acknowledge(True)

    async def nack(self) -> None:
        """Give the message back, so that a member of the group gets it again."""
        if self.acknowledge is not None:
            await self.acknowledge(False)


class Subscription(ABC):
    """Messages of a topic, read with `async for` by one reader, which closes it with `aclose`.

    Reading the next message acknowledges the last one, unless `ack` or `nack` was called; closing gives it back.
    Cancelling the wait for a message loses none. Raises BrokerDisconnected when the connection breaks; ends when the
    broker is closed. A broker implements `_receive` and `_unsubscribe`.
    """

    def __init__(self) -> None:
        self._unacknowledged: Message | None = None

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message:
        """Acknowledge the last message and wait for the next one."""
        unacknowledged, self._unacknowledged = self._unacknowledged, None
        if unacknowledged is not None:
            await unacknowledged.ack()
        self._unacknowledged = await self._receive()
        return self._unacknowledged

    async def aclose(self) -> None:
        """Give back the last message and end the subscription at the broker. Idempotent; raises nothing."""
        unacknowledged, self._unacknowledged = self._unacknowledged, None
        try:
            if unacknowledged is not None:
                await unacknowledged.nack()
        finally:
            await self._unsubscribe()

    @abstractmethod
    async def _receive(self) -> Message:
        """Wait for the next message. Raises StopAsyncIteration when the broker was closed, or BrokerDisconnected."""

    @abstractmethod
    async def _unsubscribe(self) -> None:
        """End the subscription at the broker. Idempotent."""


class Broker(Protocol):
    """One broker. Created without I/O; it connects when first needed, and again after a lost connection.

    Every method raises only BrokerError.
    """

    async def open(self) -> None:
        """Connect, or check that the broker answers. Raises BrokerUnreachable, BrokerDenied."""

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """Return when the broker has taken the message, or, with `durable`, has stored it."""

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """Subscribe to the messages from now on; returns when the subscription is in place.

        `*` in the topic stands for one token, a last `>` for one or more. Every subscriber gets every message; of the
        subscribers with the same `group`, one gets each. A `durable` group gets messages that were published while
        none of its members was subscribed, and gets again those that were not acknowledged.
        """

    async def request(self, message: Message) -> Message:
        """Publish a request and wait for the answer; the caller bounds the wait. Raises NoResponders."""

    async def close(self) -> None:
        """End every subscription and close the connection. Idempotent; raises nothing."""
