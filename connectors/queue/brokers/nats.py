"""NATS: core publish, subscribe, queue groups and request/reply; JetStream for what is durable. Needs the extra `nats`.

Core NATS stores nothing: a group gets each message once. nats-py's own reconnecting is off, because it would send
messages of the meantime long after their callers got an error; instead, a lost connection raises BrokerDisconnected,
and the next call connects.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NoStreamResponseError

from connectors.aio.attempt import Attempt, Closed
from connectors.errors import DefinitionError
from connectors.queue.brokers.contract import (
    BrokerRefused,
    BrokerUnreachable,
    Message,
    Settings,
    Subscription,
)
from connectors.queue.brokers.nats_connection import Connection, translate_error
from connectors.queue.brokers.nats_messages import CoreSubscription, StoredSubscription, decode_message, encode_headers
from connectors.transport.resolve import Resolver

_FOREVER = 86_400.0
_MAX_PENDING, _MAX_BYTES = 8_192, 32_000_000


class Broker:
    """One connection to a NATS server, opened when first needed, and again after a loss."""

    def __init__(self, address: str, settings: Settings) -> None:
        self._servers = _list_servers(address)
        self._settings = settings
        self._resolver = Resolver(settings.dns)
        self._is_tls = address.startswith("tls://") or settings.tls.model_fields_set != set()
        self._connecting: Attempt[Connection] = Attempt(self._connect, name="connect to NATS")

    async def open(self) -> None:
        """As Broker.open: a ping and its pong."""
        await (await self._get_connection()).flush()

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """As Broker.publish. A pong that comes back after the message shows that the server has it."""
        connection = await self._get_connection()
        if durable:
            await self._publish_durable(connection, message)
            return
        headers = encode_headers(message)
        await connection.run(
            connection.client.publish(message.topic, message.body, reply=message.reply_to or "", headers=headers)
        )
        await connection.flush()
        connection.check_permission(message.topic)

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """As Broker.subscribe. A durable group is a durable pull consumer of the stream that holds the topic."""
        connection = await self._get_connection()
        client = connection.client
        if group is not None and durable:
            try:
                return await connection.run(StoredSubscription.open(client, topic, group, self._settings))
            except JetStreamError as error:
                raise _make_no_stream_error(topic) from error
        subscription = await connection.run(
            client.subscribe(topic, queue=group or "", pending_msgs_limit=_MAX_PENDING, pending_bytes_limit=_MAX_BYTES)
        )
        count_unread = self._settings.count_dropped if group is not None else None
        messages = CoreSubscription(client, subscription, count_unread)
        try:
            await connection.flush()
            connection.check_permission(topic)
        except BaseException:
            await messages.aclose()
            raise
        return messages

    async def request(self, message: Message) -> Message:
        """As the contract says."""
        connection = await self._get_connection()
        headers = encode_headers(message)
        request = connection.client.request(message.topic, message.body, timeout=_FOREVER, headers=headers)
        return decode_message(await connection.run(request))

    async def close(self) -> None:
        """As the contract says."""
        await self._connecting.close()
        if self._connecting.value is not None:
            await self._connecting.value.close()

    async def _publish_durable(self, connection: Connection, message: Message) -> None:
        stream = connection.client.jetstream(timeout=self._settings.connect_timeout)
        try:
            await connection.run(stream.publish(message.topic, message.body, headers=encode_headers(message)))
        except NoStreamResponseError as error:
            raise _make_no_stream_error(message.topic) from error
        except JetStreamError as error:
            code, words = str(getattr(error, "code", None) or ""), str(getattr(error, "description", None) or "")
            text = f"JetStream did not store the message: {type(error).__name__}"
            raise BrokerRefused(text, code=code, description=words) from error

    async def _get_connection(self) -> Connection:
        """Return the connection, or connect: all callers share one attempt."""
        connection = self._connecting.value
        if connection is not None and not connection.is_alive:
            self._connecting.forget()
        try:
            return await self._connecting.wait()
        except Closed:
            raise BrokerUnreachable("the broker is closed") from None

    async def _connect(self) -> Connection:
        settings = self._settings
        tls = self._make_tls_context()
        connection = Connection(
            settings.connect_timeout,
            self._resolver,
            must_be_tls=tls is not None,
            count_dropped=settings.count_dropped,
        )
        seconds: Any = settings.connect_timeout  # declared as int; nats-py accepts a float
        pause: Any = 0.02
        try:
            async with asyncio.timeout(settings.connect_timeout * 1.5):
                await connection.client.connect(
                    self._servers,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=pause,
                    connect_timeout=seconds,
                    error_cb=connection.record_error,
                    closed_cb=connection.mark_lost,
                    user=settings.username,
                    password=settings.password,
                    token=settings.token,
                    tls=tls,
                )
        except (NatsError, OSError, TimeoutError) as error:
            await connection.close()
            raise translate_error(error) from error
        except asyncio.CancelledError:
            await connection.close()
            raise
        return connection

    def _make_tls_context(self) -> ssl.SSLContext | None:
        try:
            return self._settings.tls.context() if self._is_tls else None
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise DefinitionError(f"tls of a queue: {error}; check the files of ca, cert and key") from error


def _list_servers(address: str) -> list[str]:
    """List the servers of a cluster: `nats://a,b:4333` names two."""
    scheme, _, rest = address.partition("://")
    return [f"{scheme}://{server.rpartition('://')[2]}" for server in rest.split(",")]


def _make_no_stream_error(topic: str) -> BrokerRefused:
    return BrokerRefused(
        f"no JetStream stream holds the topic {topic}; create one (nats stream add) or turn `durable` off"
    )
