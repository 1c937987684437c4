"""Messages of NATS as ours, and its two kinds of subscriptions. Used by `nats`."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from contextlib import suppress
from typing import Any

from nats.errors import Error as NatsError
from nats.errors import MsgAlreadyAckdError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from connectors.queue.brokers.contract import BrokerDisconnected, Message, Settings, Subscription
from connectors.queue.brokers.nats_connection import Client

_KEY, _CORRELATION, _CONTENT = "bff-key", "bff-correlation-id", "content-type"
_POLL = 30.0


def headers_for(message: Message) -> dict[str, str]:
    """What NATS has no place of its own for. Line breaks in values are replaced by the client."""
    headers = {**message.headers, _CONTENT: message.content_type}
    if message.key is not None:
        headers[_KEY] = message.key
    if message.correlation_id is not None:
        headers[_CORRELATION] = message.correlation_id
    return headers


def from_nats(arrived: Any, **more: Any) -> Message:
    """A message of the client as ours."""
    headers = {str(name).lower(): str(value) for name, value in (arrived.headers or {}).items()}
    return Message(
        topic=arrived.subject,
        body=arrived.data,
        key=headers.pop(_KEY, None),
        correlation_id=headers.pop(_CORRELATION, None),
        content_type=headers.pop(_CONTENT, "application/json"),
        headers=headers,
        **{"reply_to": arrived.reply or None, **more},
    )


class _Taking(Subscription):
    """Takes one message at a time, in a task that outlives a cancelled wait, so that none is lost."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._taking: asyncio.Task[Message | None] | None = None
        self._is_over = False

    async def _next(self) -> Message:
        if self._is_over:
            raise StopAsyncIteration
        if self._taking is None:
            self._taking = asyncio.create_task(self._take())
        taking = self._taking
        await asyncio.wait({taking})
        self._taking = None
        message = None if taking.cancelled() else taking.result()
        if message is not None:
            return message
        if self._is_over or self._client.is_leaving:
            raise StopAsyncIteration
        raise BrokerDisconnected("the connection to NATS was lost")

    async def _stop(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.wait({self._taking})
        if not self._client.is_closed:
            with suppress(NatsError, OSError):
                await self._leave()

    @abstractmethod
    async def _take(self) -> Message | None:
        """The next message, None when there is no connection any more."""

    @abstractmethod
    async def _leave(self) -> None:
        """Unsubscribe."""


class CoreSubscription(_Taking):
    """A subscription of core NATS: what is not read in time is dropped by the client, beyond its limits."""

    def __init__(self, client: Client, subscription: Any) -> None:
        super().__init__(client)
        self._subscription = subscription

    async def _take(self) -> Message | None:
        arrived = await anext(self._subscription.messages, None)
        return None if arrived is None else from_nats(arrived)

    async def _leave(self) -> None:
        await self._subscription.unsubscribe()


class StoredSubscription(_Taking):
    """One member of a durable consumer of JetStream: at least once, with acknowledgements."""

    def __init__(self, client: Client, pull: Any) -> None:
        super().__init__(client)
        self._pull = pull

    @classmethod
    async def open(cls, client: Client, topic: str, group: str, settings: Settings) -> StoredSubscription:
        """Join the consumer, making it when it is not there. Raises errors of JetStream."""
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT, ack_wait=settings.redeliver_after, deliver_policy=DeliverPolicy.NEW
        )
        stream = client.jetstream(timeout=settings.connect_timeout)
        return cls(client, await stream.pull_subscribe(topic, durable=consumer_name(group, topic), config=config))

    async def _take(self) -> Message | None:
        while not self._client.is_closed:
            with suppress(TimeoutError):
                (arrived,) = await self._pull.fetch(1, timeout=_POLL)
                return from_nats(arrived, reply_to=None, settle=_Settler(arrived))
        return None

    async def _leave(self) -> None:
        await self._pull.unsubscribe()


def consumer_name(group: str, topic: str) -> str:
    """A name that JetStream takes, for a group's reading of one topic: `mailer-orders_placed`."""
    words = topic.replace("*", "ANY").replace(">", "ALL")
    return f"{group}-{re.sub('[^A-Za-z0-9_-]', '_', words)}"


class _Settler:
    """Takes the first word about a message; a word that is lost means that the message comes again."""

    def __init__(self, arrived: Any) -> None:
        self._arrived = arrived

    async def __call__(self, is_done: bool) -> None:
        with suppress(MsgAlreadyAckdError, NatsError, OSError):
            await (self._arrived.ack() if is_done else self._arrived.nak())
