"""What every broker can do: publish, subscribe, request, open, close. Implemented once per file beside this one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from connectors.options import TlsOptions

ERROR = "bff-error"
"""Header of an answer that reports a failure; its value is the responder's code for it."""


class BrokerError(Exception):
    """A broker did not do what it was asked. Its text names no address and no secret."""


class BrokerUnreachable(BrokerError):
    """There is no connection, and nothing was sent."""


class BrokerDisconnected(BrokerError):
    """The connection broke; what was sent may have arrived."""


class BrokerRefused(BrokerError):
    """The broker said no: a message too large, a topic that nothing stores."""


class BrokerDenied(BrokerRefused):
    """Whoever signed in may not do that, or could not sign in."""


class BrokerFull(BrokerRefused):
    """Too many messages are waiting; nothing was taken."""


class NoResponders(BrokerError):
    """Nobody answers requests of this topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to speak with a broker; what a broker has no use for, it does not look at."""

    connect_timeout: float = 2.0
    """Seconds for connecting and for questions to the broker itself."""
    backlog: int = 10_000
    """Messages that may wait for a group."""
    redeliver_after: float = 30.0
    """Seconds after which a stored message that nobody acknowledged is given to another member."""
    tls: TlsOptions = field(default_factory=TlsOptions)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


Settle = Callable[[bool], Awaitable[None]]
"""Called with whether a message was worked through. Raises nothing."""


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
    """Topic where an answer is awaited."""
    correlation_id: str | None = None
    """Repeated by the answer."""
    settle: Settle | None = field(default=None, repr=False, compare=False)
    """Set by brokers on messages for a group."""

    async def ack(self) -> None:
        """Say that the message was worked through. Only the first word about a message counts."""
        if self.settle is not None:
            await self.settle(True)

    async def nack(self) -> None:
        """Give the message back, so that a member of the group gets it again."""
        if self.settle is not None:
            await self.settle(False)


class Subscription(ABC):
    """Messages of a topic, read with `async for` by one reader, who closes it.

    Asking for the next message acknowledges the last, unless it was settled; closing gives the last one back.
    Cancelling the wait for a message loses none. Raises BrokerDisconnected when the connection breaks; ends when the
    broker closes.
    """

    def __init__(self) -> None:
        self._held: Message | None = None

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Message:
        """The next message."""
        held, self._held = self._held, None
        if held is not None:
            await held.ack()
        self._held = await self._next()
        return self._held

    async def aclose(self) -> None:
        """Give back what is held and end the subscription at the broker. Idempotent; raises nothing."""
        held, self._held = self._held, None
        try:
            if held is not None:
                await held.nack()
        finally:
            await self._stop()

    @abstractmethod
    async def _next(self) -> Message:
        """The next message; raises StopAsyncIteration when the broker was closed."""

    @abstractmethod
    async def _stop(self) -> None:
        """End it at the broker."""


class Broker(Protocol):
    """One broker. Made without I/O; connects at first need and again when a connection was lost.

    Every method raises only BrokerError.
    """

    async def open(self) -> None:
        """Connect, or see that the broker answers. Raises BrokerUnreachable, BrokerDenied."""

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """Return when the broker has taken the message, or, when `durable`, stored it."""

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """Messages from now on; returns when the subscription is in place.

        `*` in the topic stands for one token, a last `>` for all that follow. Every subscriber gets every message; of
        those with the same `group` one gets each. A `durable` group gets what was published while nobody of it was
        there, and again what was not acknowledged.
        """

    async def request(self, message: Message) -> Message:
        """Publish and wait for the answer; the caller bounds the wait. Raises NoResponders when nobody listens."""

    async def close(self) -> None:
        """End every subscription and close the connection. Idempotent; raises nothing."""


Handler = Callable[[Message], Awaitable[bytes]]
"""Answers a request with a JSON text. Raises Refusal to report a failure."""


class Refusal(Exception):
    """Raised by a handler: the answer is a failure with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def respond(
    broker: Broker, topic: str, handler: Handler, *, group: str = "responders", at_once: int = 64
) -> None:
    """Answer requests of a topic until cancelled; one of the group answers each, at most `at_once` at a time.

    A handler that raises anything but Refusal answers with the code `INTERNAL`. Raises BrokerError when the connection
    is lost.
    """
    subscription = await broker.subscribe(topic, group=group)
    room = asyncio.Semaphore(at_once)
    answering: set[asyncio.Task[None]] = set()

    def done(task: asyncio.Task[None]) -> None:
        answering.discard(task)
        room.release()

    try:
        async for request in subscription:
            if request.reply_to is not None:
                await room.acquire()
                task = asyncio.create_task(_answer(broker, request, request.reply_to, handler))
                answering.add(task)
                task.add_done_callback(done)
    finally:
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)
        await subscription.aclose()


async def _answer(broker: Broker, request: Message, reply_to: str, handler: Handler) -> None:
    headers: Mapping[str, str] = {}
    try:
        body = await handler(request)
    except Refusal as refusal:
        body, headers = b"null", {ERROR: refusal.code}
    except Exception:  # noqa: BLE001 - whatever went wrong, the caller must not wait for it
        body, headers = b"null", {ERROR: "INTERNAL"}
    answer = Message(topic=reply_to, body=body, headers=headers, correlation_id=request.correlation_id)
    with suppress(BrokerError):  # the subscription tells when the connection is lost
        await broker.publish(answer)
