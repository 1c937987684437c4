"""Messages of NATS to ours and back, and the two kinds of subscriptions. Used by `nats`."""

from __future__ import annotations

import asyncio
import re
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from nats.errors import Error as NatsError
from nats.errors import MsgAlreadyAckdError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from connectors.queue.brokers.contract import BrokerDisconnected, Message, Settings, Subscription
from connectors.queue.brokers.nats_connection import Client

_KEY, _CORRELATION, _CONTENT = "bff-key", "bff-correlation-id", "content-type"
_POLL_SECONDS = 30.0


def encode_headers(message: Message) -> dict[str, str]:
    """Encode as headers what NATS has no field for. The client replaces line breaks in values."""
    headers = {**message.headers, _CONTENT: message.content_type}
    if message.key is not None:
        headers[_KEY] = message.key
    if message.correlation_id is not None:
        headers[_CORRELATION] = message.correlation_id
    return headers


def decode_message(arrived: Any, **more: Any) -> Message:
    """Decode a message of the client."""
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


class _TaskSubscription(Subscription):
    """Fetches one message at a time, in a task that outlives a cancelled wait, so that none is lost."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client
        self._fetching: asyncio.Task[Message | None] | None = None
        self._is_over = False

    async def _receive(self) -> Message:
        if self._is_over:
            raise StopAsyncIteration
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        fetching = self._fetching
        await asyncio.wait({fetching})
        self._fetching = None
        message = None if fetching.cancelled() else fetching.result()
        if message is not None:
            return message
        if self._is_over or self._client.is_leaving:
            raise StopAsyncIteration
        raise BrokerDisconnected("the connection to NATS was lost")

    async def _unsubscribe(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        self._count_left()
        if not self._client.is_closed:
            with suppress(NatsError, OSError):
                await self._end()

    def _count_left(self) -> None:
        """Count messages that came, were not read, and are for no other subscriber."""

    @abstractmethod
    async def _fetch(self) -> Message | None:
        """Wait for the next message; None when the connection is lost."""

    @abstractmethod
    async def _end(self) -> None:
        """Unsubscribe at the server."""


class CoreSubscription(_TaskSubscription):
    """A subscription of core NATS: the client drops messages beyond its limits when they are not read in time."""

    def __init__(self, client: Client, subscription: Any, count_unread: Callable[[int], None] | None = None) -> None:
        """`count_unread` is called with the number of messages that came for a group and were not read at the end."""
        super().__init__(client)
        self._subscription = subscription
        self._count_unread = count_unread

    async def _fetch(self) -> Message | None:
        arrived = await anext(self._subscription.messages, None)
        return None if arrived is None else decode_message(arrived)

    def _count_left(self) -> None:
        if self._count_unread is not None and (unread := self._subscription.pending_msgs):
            self._count_unread(unread)

    async def _end(self) -> None:
        await self._subscription.unsubscribe()


class StoredSubscription(_TaskSubscription):
    """One member of a durable consumer of JetStream: at least once, with acknowledgements."""

    def __init__(self, client: Client, pull: Any) -> None:
        super().__init__(client)
        self._pull = pull

    @classmethod
    async def open(cls, client: Client, topic: str, group: str, settings: Settings) -> StoredSubscription:
        """Join the consumer, which is created if need be. Raises JetStream's errors."""
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT, ack_wait=settings.ack_timeout, deliver_policy=DeliverPolicy.NEW
        )
        stream = client.jetstream(timeout=settings.connect_timeout)
        return cls(client, await stream.pull_subscribe(topic, durable=make_consumer_name(group, topic), config=config))

    async def _fetch(self) -> Message | None:
        while not self._client.is_closed:
            with suppress(TimeoutError):
                (arrived,) = await self._pull.fetch(1, timeout=_POLL_SECONDS)
                return decode_message(arrived, reply_to=None, acknowledge=_Acknowledger(arrived))
        return None

    async def _end(self) -> None:
        await self._pull.unsubscribe()


def make_consumer_name(group: str, topic: str) -> str:
    """Make a name that JetStream accepts for the consumer of a group and topic: `mailer-orders_placed`."""
    words = topic.replace("*", "ANY").replace(">", "ALL")
    return f"{group}-{re.sub('[^A-Za-z0-9_-]', '_', words)}"


class _Acknowledger:
    """Acknowledges a message or gives it back. The first call counts; if it is lost, the message comes again."""

    def __init__(self, arrived: Any) -> None:
        self._arrived = arrived

    async def __call__(self, is_done: bool) -> None:
        with suppress(MsgAlreadyAckdError, NatsError, OSError):
            await (self._arrived.ack() if is_done else self._arrived.nak())
