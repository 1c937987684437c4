"""Message queues: publish, subscribe, request and reply over any broker. Built by connectors.kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue, Counts
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Event, Operation, Reply, at_path
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamError,
    UpstreamFailed,
    UpstreamForbidden,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.messages.json_text import NotJson, decoded, encoded
from connectors.queue.brokers import Broker, Message, Settings, open_broker
from connectors.queue.brokers.contract import (
    ERROR,
    BrokerDenied,
    BrokerDisconnected,
    BrokerError,
    BrokerFull,
    BrokerRefused,
    BrokerUnreachable,
    NoResponders,
    Subscription,
)
from connectors.queue.operations import Ask, Publish, Subscribe
from connectors.queue.operations_topic import filled_topic
from connectors.queue.options import Options
from connectors.queue.session import SharedTopic
from connectors.streams.audience import Path, comparable
from connectors.streams.deadline import in_time, open_until_deadline
from connectors.streams.pace import Pace
from connectors.streams.reconnect import Pauses

_LATE = "the deadline of the subscription has passed"
_MEANINGS: tuple[tuple[type[BrokerError], type[UpstreamError]], ...] = (
    (BrokerFull, UpstreamRateLimited),
    (BrokerDenied, UpstreamForbidden),
    (BrokerRefused, UpstreamRejected),
    (NoResponders, UpstreamUnreachable),
    (BrokerUnreachable, UpstreamUnreachable),
    (BrokerDisconnected, UpstreamDisconnected),
)


class QueueConnector:
    """Speaks with one broker through one connection, which it owns and closes. A Connector, Streams and Publishes.

    Messages of streams that are no JSON or larger than `max_reply_size` are passed over.
    """

    def __init__(self, name: str, options: Options, broker: Broker, clock: Clock = SYSTEM_CLOCK) -> None:
        self._options = options
        self._clock = clock
        self._about = Operation(upstream=name, name="broker")
        self._broker = broker
        self._topics: dict[str, SharedTopic] = {}
        self._is_closed = False
        self.counts = Counts()
        """Messages of this upstream that nobody saw."""

    async def start(self) -> None:
        """See that the broker answers. Raises UpstreamError."""
        try:
            await self._broker.open()
        except BrokerError as error:
            raise _meaning(self._about, error) from error

    async def check(self) -> None:
        """As `start`."""
        await self.start()

    async def close(self) -> None:
        """As Connector.close."""
        self._is_closed = True
        await self._broker.close()
        topics = list(self._topics.values())
        for topic in topics:
            topic.end(BrokerDisconnected("the connector was closed"))
        await asyncio.gather(*(topic.stop() for topic in topics))

    async def send(self, call: Call) -> Reply:
        """Ask and wait for the answer. No broker can be told that nobody waits any more; the answer is then dropped."""
        operation = call.operation
        assert isinstance(operation, Ask)
        topic = filled_topic(call, operation.topic)
        data = _without_topic(call, operation) if operation.message is None else operation.message.fill(call.arguments)
        message = Message(topic=topic, body=encoded(operation, data), headers=call.headers)
        async with self._asking(call, "no answer in time"):
            answer = await self._broker.request(message)
        if len(answer.body) > self._options.max_reply_size:
            limit = self._options.max_reply_size
            raise UpstreamReplyTooLarge(operation, f"the answer is larger than max_reply_size, which is {limit} bytes")
        if ERROR in answer.headers:
            code = answer.headers[ERROR][:64]
            raise UpstreamFailed(operation, "the responder reports a failure", upstream_code=code)
        try:
            return Reply(decoded(answer.body, self._options.max_depth), headers=answer.headers)
        except NotJson as error:
            raise UpstreamBadReply(operation, str(error)) from error

    async def publish(self, call: Call) -> None:
        """Return when the broker has the message; with `durable`, when it has stored it."""
        operation = call.operation
        assert isinstance(operation, Publish)
        arguments = call.arguments
        data = arguments["message"]
        is_raw = isinstance(data, bytes)
        message = Message(
            topic=filled_topic(call, operation.topic),
            body=data if is_raw else encoded(operation, data),
            content_type="application/octet-stream" if is_raw else "application/json",
            key=arguments.get("key"),
            headers={**call.headers, **_lower(arguments.get("headers") or {})},
        )
        async with self._asking(call, "the broker did not take the message in time"):
            await self._broker.publish(message, durable=self._options.durable)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the messages of a topic that have the wanted values.

        A gap while the connection is made again is not noticed; UpstreamUnreachable when it cannot be made. In a group,
        asking for the next event acknowledges the last.
        """
        operation = call.operation
        assert isinstance(operation, Subscribe)
        topic = filled_topic(call, operation.topic)
        wanted = {tuple(name.split(".")): value for name, value in operation.where.fill(call.arguments).items()}
        if operation.group is None:
            events = self._shared(call, topic, wanted)
        else:
            events = self._in_group(call, topic, operation.group, wanted)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _shared(self, call: Call, name: str, wanted: dict[Path, Any]) -> AsyncGenerator[Event, None]:
        """As one of many viewers of one subscription, each with a bounded queue."""
        operation, options = call.operation, self._options
        slow = UpstreamUnavailable(operation, "this viewer was slower than the topic and was sent away")
        queue: BoundedQueue[Event] = BoundedQueue(options.buffer, options.overflow, slow)
        topic = self._topic(operation, name)

        def fail(error: BrokerError) -> None:
            queue.close(_meaning(operation, error))

        try:
            with topic.viewed(wanted, queue, fail), open_until_deadline(call, queue, self._clock):
                async with self._asking(call, "no subscription in time"):
                    await topic.opened()
                async for event in queue:
                    yield event
        finally:
            self.counts.dropped += queue.dropped
            if not topic.is_viewed:
                if self._topics.get(name) is topic:
                    del self._topics[name]
                await topic.stop()

    async def _in_group(
        self, call: Call, topic: str, group: str, wanted: dict[Path, Any]
    ) -> AsyncGenerator[Event, None]:
        """With a subscription of its own, which waits for its reader instead of dropping."""
        pauses = Pauses(self._options.reconnect, self._clock)
        texts = {path: comparable(value) for path, value in wanted.items()}
        subscription = await self._joined(call, topic, group)
        began = self._clock.now()
        try:
            while True:
                try:
                    async with self._asking(call, _LATE):
                        message = await anext(subscription, None)
                except UpstreamDisconnected:
                    await subscription.aclose()
                    pauses.lost(open_for=self._clock.now() - began)
                    subscription = await self._joined_again(call, topic, group, pauses)
                    began = self._clock.now()
                    continue
                if message is None:
                    raise UpstreamDisconnected(call.operation, "the connector was closed")
                event = self._event(message)
                if event is not None and all(comparable(at_path(event.data, path)) == texts[path] for path in texts):
                    yield event
        finally:
            await subscription.aclose()

    async def _joined(self, call: Call, topic: str, group: str) -> Subscription:
        async with self._asking(call, "no subscription in time"):
            return await self._broker.subscribe(topic, group=group, durable=self._options.durable)

    async def _joined_again(self, call: Call, topic: str, group: str, pauses: Pauses) -> Subscription:
        while True:
            async with in_time(call, _LATE, self._clock):
                await self._clock.sleep(pauses.next())
            try:
                return await self._joined(call, topic, group)
            except (UpstreamUnreachable, UpstreamDisconnected):
                if pauses.is_hopeless or self._is_closed:
                    raise

    def _topic(self, operation: Operation, name: str) -> SharedTopic:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        topic = self._topics.get(name)
        if topic is None or topic.is_over:
            options = self._options
            topic = SharedTopic(self._broker, name, options.reconnect, self._event, Pace(options.buffer), self._clock)
            self._topics[name] = topic
        return topic

    def _event(self, message: Message) -> Event | None:
        """A message as event; None, and counted, when it cannot be read."""
        try:
            if len(message.body) > self._options.max_reply_size:
                raise NotJson("too large")
            return Event(
                data=decoded(message.body, self._options.max_depth), topic=message.topic, headers=message.headers
            )
        except NotJson:
            self.counts.undecodable += 1
            return None

    @asynccontextmanager
    async def _asking(self, call: Call, late: str) -> AsyncIterator[None]:
        """What the broker raises in our words, within the call's deadline."""
        if self._is_closed:
            raise UpstreamUnreachable(call.operation, "the connector is closed")
        async with in_time(call, late, self._clock):
            try:
                yield
            except BrokerError as error:
                raise _meaning(call.operation, error) from error


def _meaning(operation: Operation, error: BrokerError) -> UpstreamError:
    kind = next((ours for theirs, ours in _MEANINGS if isinstance(error, theirs)), UpstreamFailed)
    told = kind(operation, str(error))
    told.__cause__ = error
    return told


def _without_topic(call: Call, operation: Ask) -> dict[str, Any]:
    return {name: value for name, value in call.arguments.items() if name not in operation.topic.parameters}


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> QueueConnector:
    """Make the connector of a broker, without any I/O. Raises DefinitionError when its library is not installed."""
    settings = Settings(
        connect_timeout=options.connect_timeout,
        backlog=options.max_backlog,
        redeliver_after=options.ack_timeout,
        tls=options.tls,
        user=options.username,
        password=options.password.get_secret_value() if options.password else None,
        token=options.token.get_secret_value() if options.token else None,
    )
    return QueueConnector(name, options, open_broker(options.address, settings), clock)
