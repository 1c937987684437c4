"""Message queues: publish, subscribe, request and reply over any broker. Built by connectors.kinds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Event, Operation, Reply, at_path
from connectors.errors import UpstreamNotFound, UpstreamRejected, UpstreamUnavailable, UpstreamUnreachable
from connectors.failures import check_failures
from connectors.messages.documents import Documents, outline_unread
from connectors.messages.json_slices import Bounds
from connectors.queue.brokers import Broker, Message, Settings, open_broker
from connectors.queue.brokers.contract import BrokerDisconnected, BrokerError
from connectors.queue.decode import decode_message, decode_reply
from connectors.queue.encode import encode_publication, encode_request
from connectors.queue.errors import translate_error
from connectors.queue.operations import Publish, RequestReply, Subscribe
from connectors.queue.operations_topic import fill_topic
from connectors.queue.options import Options
from connectors.queue.session.group import GroupMember
from connectors.queue.session.shared_topic import SharedTopic
from connectors.streams.audience import Path, to_comparable
from connectors.streams.audiences import list_events
from connectors.streams.counts import Counts
from connectors.streams.deadline import in_time, open_until_deadline
from connectors.streams.pace import Pace


class QueueConnector:
    """Speaks with one broker through one connection, which it owns and closes. A Connector, Streams and Publishes.

    Messages of streams that are no JSON or larger than `max_reply_size` are skipped and counted.
    """

    def __init__(
        self, name: str, options: Options, broker: Broker, clock: Clock = SYSTEM_CLOCK, counts: Counts | None = None
    ) -> None:
        self._clock = clock
        self._options = options
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._start_operation = Operation(upstream=name, name="broker")
        self._broker = broker
        self._topics: dict[str, SharedTopic] = {}
        self._is_closed = False
        self.counts = counts or Counts(name)
        """Messages of this upstream that no subscriber received."""

    async def start(self) -> None:
        """Connect to the broker. Raises UpstreamError."""
        try:
            await self._broker.open()
        except BrokerError as error:
            raise translate_error(self._start_operation, error) from error

    async def check(self) -> None:
        """As `start`."""
        await self.start()

    async def close(self) -> None:
        """As Connector.close."""
        self._is_closed = True
        await self._broker.close()
        topics = list(self._topics.values())
        for topic in topics:
            topic.fail(BrokerDisconnected("the connector was closed"))
        await asyncio.gather(*(topic.stop() for topic in topics))

    async def send(self, call: Call) -> Reply:
        """Publish a request and wait for its answer. A responder cannot be cancelled: a late answer is dropped."""
        operation, options = call.operation, self._options
        assert isinstance(operation, RequestReply)
        message = encode_request(call, operation)
        async with self._translate_errors(call, "no answer in time"):
            answer = await self._broker.request(message)
        try:
            reply = await decode_reply(operation, answer, max_size=options.max_reply_size, bounds=self._bounds)
            return reply if operation.failure is None else await check_failures(call, reply)
        except UpstreamNotFound:
            if not operation.missing_is_null:
                raise
            return Reply(None, headers=answer.headers)

    async def publish(self, call: Call) -> None:
        """Return when the broker has the message; with `durable`, when it has stored it."""
        operation = call.operation
        assert isinstance(operation, Publish)
        message = encode_publication(call, operation)
        async with self._translate_errors(call, "the broker did not take the message in time"):
            await self._broker.publish(message, durable=self._options.durable)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the messages of a topic whose fields have the values of `where`.

        Messages of the time between a lost connection and the next are missed silently; UpstreamUnreachable when
        there is no next one. In a group, asking for the next event acknowledges the last.
        """
        operation = call.operation
        assert isinstance(operation, Subscribe)
        topic = fill_topic(call, operation.topic)
        for name, is_required in operation.where.parameters.items():
            if call.arguments.get(name, None if is_required else "") is None:  # it would match messages of anybody
                raise UpstreamRejected(
                    operation, f'no subscription was sent: the argument "{name}" is null or not given'
                )
        values = operation.where.fill(call.arguments)
        if operation.group is None:
            events = self._stream_shared(call, topic, values)
        else:
            events = self._stream_group(call, topic, operation.group, values)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _stream_shared(self, call: Call, name: str, values: dict[Path, Any]) -> AsyncGenerator[Event, None]:
        """Stream as one of many subscribers that share one subscription, each with a bounded queue."""
        operation, options = call.operation, self._options
        assert isinstance(operation, Subscribe)
        slow = UpstreamUnavailable(operation, "this subscriber was slower than the topic and was disconnected")
        queue: BoundedQueue[Event] = BoundedQueue(options.buffer, options.overflow, slow)
        topic = self._get_topic(operation, name)

        def fail(error: BrokerError) -> None:
            queue.close(translate_error(operation, error))

        try:
            with topic.attach(operation.items, values, queue, fail), open_until_deadline(call, queue, self._clock):
                async with self._translate_errors(call, "no subscription in time"):
                    await topic.wait_until_open()
                async for event in queue:
                    if queue.dropped > queue.reported:
                        self.counts.count_dropped(queue.report_dropped())
                    yield event
        finally:
            self.counts.count_dropped(queue.report_dropped())
            if not topic.has_subscribers:
                if self._topics.get(name) is topic:
                    del self._topics[name]
                await topic.stop()

    async def _stream_group(
        self, call: Call, topic: str, group: str, values: dict[Path, Any]
    ) -> AsyncGenerator[Event, None]:
        """Stream as a member of a group, which makes the broker wait instead of dropping messages."""
        options, operation = self._options, call.operation
        assert isinstance(operation, Subscribe)
        texts = {path: to_comparable(value) for path, value in values.items()}
        member = GroupMember(
            self._broker,
            topic,
            group,
            durable=options.durable,
            rules=options.reconnect,
            translate_errors=self._translate_errors,
            is_closed=lambda: self._is_closed,
            clock=self._clock,
        )
        await member.join(call)
        try:
            while True:
                message = await member.read(call)
                for data in (await self._decode(message)).values:
                    for event, around in list_events(data, operation.items):
                        if _has_values(event, around, texts):
                            yield Event(data=event, topic=message.topic, headers=message.headers)
                        else:
                            self.counts.count_unrouted()
        finally:
            await member.leave()

    def _get_topic(self, operation: Operation, name: str) -> SharedTopic:
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        topic = self._topics.get(name)
        if topic is None or topic.is_over:
            options = self._options
            topic = SharedTopic(
                self._broker,
                name,
                options.reconnect,
                self._decode,
                self._count_unclaimed,
                Pace(options.buffer),
                self._clock,
            )
            self._topics[name] = topic
        return topic

    def _count_unclaimed(self, number: int) -> None:
        """Without a line in the log: others than those of `where` come over each topic that is not one subscriber's."""
        self.counts.count_unrouted(None, number)

    async def _decode(self, message: Message) -> Documents:
        max_size = self._options.max_reply_size
        found = await decode_message(self._start_operation, message, max_size=max_size, bounds=self._bounds)
        if found.unread:
            text = f"of {message.topic.partition('.')[0]}: "
            self.counts.count_undecodable(lambda: text + outline_unread(message.body, found.reason), found.unread)
        return found

    @asynccontextmanager
    async def _translate_errors(self, call: Call, late: str) -> AsyncIterator[None]:
        """Translate what the broker raises inside, within the call's deadline; `late` says what was not in time."""
        if self._is_closed:
            raise UpstreamUnreachable(call.operation, "the connector is closed")
        async with in_time(call, late, self._clock):
            try:
                yield
            except BrokerError as error:
                raise translate_error(call.operation, error) from error


def _has_values(event: Any, around: Any, texts: dict[Path, str | None]) -> bool:
    for path, text in texts.items():
        value = at_path(event, path)
        if to_comparable(at_path(around, path) if value is None else value) != text:
            return False
    return True


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> QueueConnector:
    """Make the connector of a broker, without any I/O. Raises DefinitionError when its library is not installed."""
    counts = Counts(name)
    settings = Settings(
        count_dropped=counts.count_dropped,
        connect_timeout=options.connect_timeout,
        max_backlog=options.max_backlog,
        ack_timeout=options.ack_timeout,
        tls=options.tls,
        dns=options.dns,
        username=options.username,
        password=options.password.get_secret_value() if options.password else None,
        token=options.token.get_secret_value() if options.token else None,
    )
    return QueueConnector(name, options, open_broker(options.address, settings), clock, counts)
