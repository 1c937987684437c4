"""NATS: core publish, subscribe, queue groups and request/reply; JetStream for what is durable. Needs the extra `nats`.

Core NATS keeps nothing: a group gets each message once, and never again. nats-py's own reconnecting is off, because it
would send what was published meanwhile long after the caller was told that it failed; a lost connection is told, and
whoever needs one makes the next.
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
from connectors.queue.brokers.nats_connection import Connection, meaning
from connectors.queue.brokers.nats_messages import CoreSubscription, StoredSubscription, from_nats, headers_for

_FOREVER = 86_400.0
_MOST_WAITING, _MOST_BYTES = 8_192, 32_000_000


class Broker:
    """One connection to a NATS server, made at first need and again when it was lost."""

    def __init__(self, address: str, settings: Settings) -> None:
        self._servers = _servers(address)
        self._settings = settings
        self._is_tls = address.startswith("tls://") or settings.tls.model_fields_set != set()
        self._connecting: Attempt[Connection] = Attempt(self._connect, name="connect to NATS")

    async def open(self) -> None:
        """As the protocol: a ping and its pong."""
        await (await self._connected()).flush()

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """As the protocol. A pong that comes back after the message shows that the server has it."""
        connection = await self._connected()
        if durable:
            await self._store(connection, message)
            return
        headers = headers_for(message)
        await connection.do(
            connection.client.publish(message.topic, message.body, reply=message.reply_to or "", headers=headers)
        )
        await connection.flush()
        connection.refuse_denied(message.topic)

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """As the protocol. A durable group is a durable pull consumer of the stream that holds the topic."""
        connection = await self._connected()
        client = connection.client
        if group is not None and durable:
            try:
                return await connection.do(StoredSubscription.open(client, topic, group, self._settings))
            except JetStreamError as error:
                raise _no_stream(topic) from error
        subscription = await connection.do(
            client.subscribe(
                topic, queue=group or "", pending_msgs_limit=_MOST_WAITING, pending_bytes_limit=_MOST_BYTES
            )
        )
        messages = CoreSubscription(client, subscription)
        try:
            await connection.flush()
            connection.refuse_denied(topic)
        except BaseException:
            await messages.aclose()
            raise
        return messages

    async def request(self, message: Message) -> Message:
        """As the protocol."""
        connection = await self._connected()
        asking = connection.client.request(message.topic, message.body, timeout=_FOREVER, headers=headers_for(message))
        return from_nats(await connection.do(asking))

    async def close(self) -> None:
        """As the protocol."""
        await self._connecting.close()
        if self._connecting.value is not None:
            await self._connecting.value.close()

    async def _store(self, connection: Connection, message: Message) -> None:
        stream = connection.client.jetstream(timeout=self._settings.connect_timeout)
        try:
            await connection.do(stream.publish(message.topic, message.body, headers=headers_for(message)))
        except NoStreamResponseError as error:
            raise _no_stream(message.topic) from error
        except JetStreamError as error:
            raise BrokerRefused(f"JetStream did not store the message: {type(error).__name__}") from error

    async def _connected(self) -> Connection:
        """The connection, or a new one that all who need one wait for together."""
        connection = self._connecting.value
        if connection is not None and not connection.is_alive:
            self._connecting.forget()
        try:
            return await self._connecting.wait()
        except Closed:
            raise BrokerUnreachable("the broker is closed") from None

    async def _connect(self) -> Connection:
        settings = self._settings
        tls = self._tls_context()
        connection = Connection(settings.connect_timeout, must_be_tls=tls is not None)
        seconds: Any = settings.connect_timeout  # nats-py wants whole ones and takes any
        pause: Any = 0.02
        try:
            async with asyncio.timeout(settings.connect_timeout * 1.5):
                await connection.client.connect(
                    self._servers,
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=pause,
                    connect_timeout=seconds,
                    error_cb=connection.note,
                    closed_cb=connection.end,
                    user=settings.user,
                    password=settings.password,
                    token=settings.token,
                    tls=tls,
                )
        except (NatsError, OSError, TimeoutError) as error:
            await connection.close()
            raise meaning(error) from error
        except asyncio.CancelledError:
            await connection.close()
            raise
        return connection

    def _tls_context(self) -> ssl.SSLContext | None:
        try:
            return self._settings.tls.context() if self._is_tls else None
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise DefinitionError(f"tls of a queue: {error}; check the files of ca, cert and key") from error


def _servers(address: str) -> list[str]:
    """`nats://a,b:4333` names two servers of one cluster."""
    scheme, _, rest = address.partition("://")
    return [f"{scheme}://{server.rpartition('://')[2]}" for server in rest.split(",")]


def _no_stream(topic: str) -> BrokerRefused:
    return BrokerRefused(
        f"no JetStream stream holds the topic {topic}; create one (nats stream add) or turn `durable` off"
    )
