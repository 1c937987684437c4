"""Websocket upstreams: one socket for all calls and subscribers. Built by connectors.kinds, used through policies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue
from connectors.aio.clock import SYSTEM_CLOCK, Clock
from connectors.contract import Call, Event, Operation, Reply
from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
    UpstreamNotFound,
    UpstreamTimeout,
    UpstreamUnavailable,
    copy_error,
)
from connectors.failures import check_failures
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices
from connectors.messages.templates import text_of
from connectors.streams.audience import Audience
from connectors.streams.counts import Counts
from connectors.streams.deadline import in_time, open_until_deadline
from connectors.websocket.encode import encode_message, encode_subscription, encode_with_id, find_topic
from connectors.websocket.errors import create_stream_error
from connectors.websocket.operations import Request, Send, Subscribe
from connectors.websocket.options import Options
from connectors.websocket.session.answers import Answers
from connectors.websocket.session.own_sockets import OwnSockets
from connectors.websocket.session.socket import Socket
from connectors.websocket.session.subscriptions import Subscriptions


class WebsocketConnector:
    """Speaks to one websocket upstream through one socket, which it owns and closes. A Connector, Streams, Publishes.

    All callers share the socket, so the headers of calls are not sent. Subscriptions with `socket="own"` have a
    connector inside of this one for each different message. A message that cannot be decoded is a bad reply
    to the call whose id is in it; without such a call, to all calls if there are no subscribers, else it is ignored.
    """

    def __init__(self, name: str, options: Options, clock: Clock = SYSTEM_CLOCK, counts: Counts | None = None) -> None:
        self._name, self._options = name, options
        self._bounds = Bounds(options.max_depth, options.max_values)
        self._clock = clock
        self._operation = Operation(upstream=name, name="socket")
        self._socket = Socket(name, options, self, clock)
        self._subscriptions = Subscriptions()
        self._answers = Answers()
        self._audience: Audience[Any] = Audience()
        self._subscribers: dict[BoundedQueue[Any], Subscribe] = {}
        self._own = OwnSockets(options.max_own_sockets, self._create_own)
        self.counts = counts or Counts(name)
        """Messages of this upstream that no call and no subscriber got."""

    async def start(self) -> None:
        """Connect. Raises UpstreamError when that fails, and DefinitionError for a TLS file that is not usable."""
        await self._socket.wait_until_open(self._operation)

    async def check(self) -> None:
        """Connect when there is no open socket. Raises as `start`."""
        await self._socket.wait_until_open(self._operation)

    async def close(self) -> None:
        """As Connector.close."""
        await asyncio.gather(self._socket.close(), self._own.close())

    async def send(self, call: Call) -> Reply:
        """As Connector.send: wait for the answer with the same id; send `cancel` when the call ends before it comes."""
        operation = call.operation
        assert isinstance(operation, Request)
        correlation_id = self._answers.new_id()
        request = encode_with_id(operation, operation.request, call.arguments, correlation_id)
        with self._socket.keep_open():
            async with in_time(call, "no websocket before the deadline", self._clock):
                await self._socket.wait_until_open(operation)
            with self._answers.expect(operation.id, correlation_id) as answer:
                try:
                    async with in_time(call, "no answer over the websocket", self._clock):
                        await self._socket.send(operation, request)
                        message = await answer
                except (UpstreamTimeout, asyncio.CancelledError):
                    if operation.cancel is not None:
                        cancellation = encode_with_id(operation, operation.cancel, call.arguments, correlation_id)
                        self._subscriptions.enqueue(cancellation)
                    raise
        if isinstance(message, UpstreamError):
            raise copy_error(message, operation)
        reply = Reply(message)
        if operation.failure is None:
            return reply
        try:
            return await check_failures(call, reply)
        except UpstreamNotFound:
            if not operation.missing_is_null:
                raise
            return Reply(None)

    async def publish(self, call: Call) -> None:
        """Send a message; return when the network has it. Whether the upstream read it is not known."""
        operation = call.operation
        assert isinstance(operation, Send)
        message = encode_message(operation, call.arguments)
        with self._socket.keep_open():
            async with in_time(call, "no websocket before the deadline", self._clock):
                await self._socket.wait_until_open(operation)
                await self._socket.send(operation, message)

    def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the messages of a topic. All subscribers of the same subscribe message share one subscription upstream.

        Messages sent while the socket is reconnecting are lost without notice. Raises UpstreamUnreachable when
        reconnecting fails.
        """
        operation = call.operation
        assert isinstance(operation, Subscribe)
        return self._stream_own(call, operation) if operation.has_own_socket else self.stream_shared(call, operation)

    async def _stream_own(self, call: Call, operation: Subscribe) -> AsyncGenerator[Event, None]:
        """Stream over the socket of this subscribe message, which all its subscribers share."""
        subscribe, _ = encode_subscription(operation, call.arguments)
        async with (
            self._own.use(operation, subscribe) as connector,
            aclosing(connector.stream_shared(call, operation)) as events,
        ):
            async for event in events:
                yield event

    def _create_own(self) -> WebsocketConnector:
        return WebsocketConnector(self._name, self._options, self._clock, self.counts)

    async def stream_shared(self, call: Call, operation: Subscribe) -> AsyncGenerator[Event, None]:
        """As `stream`, over the socket of this connector."""
        subscribe, unsubscribe = encode_subscription(operation, call.arguments)
        topic = find_topic(call, operation)
        slow = UpstreamUnavailable(operation, "the subscriber is slower than the stream and was disconnected")
        queue: BoundedQueue[Any] = BoundedQueue(self._options.buffer, self._options.overflow, slow)
        with ExitStack() as stack:
            stack.enter_context(self._socket.keep_open())
            async with in_time(call, "no websocket before the deadline", self._clock):
                await self._socket.wait_until_open(operation)
            stack.callback(self._remove_subscriber, queue)
            self._subscribers[queue] = operation
            stack.enter_context(open_until_deadline(call, queue, self._clock))
            values = {**operation.when, **topic}
            stack.enter_context(self._audience.join(values, queue.put, newest=operation.last))
            if operation.error is not None:
                failing = {**operation.error, **topic}
                stack.enter_context(
                    self._audience.join(failing, lambda message: queue.close(create_stream_error(operation, message)))
                )
            stack.enter_context(self._subscriptions.keep_subscribed(subscribe, unsubscribe))
            name = "".join(map(text_of, topic.values()))
            async for message in queue:
                yield Event(data=message, topic=name)

    async def receive_message(self, message: str | bytes) -> None:
        """As Owner.receive_message."""
        try:
            data = await decode_json_in_slices(message, self._bounds)
        except NotJson as error:
            self.counts.count_undecodable()
            self._report_undecodable(message, error)
            return
        if not self._answers.dispatch(data) and not self._audience.deliver(data, data):
            self.counts.count_unrouted()

    async def maintain(self) -> None:
        """As Owner.maintain: keep the upstream's subscriptions equal to those that subscribers need."""
        await self._subscriptions.synchronize(lambda message: self._socket.send(self._operation, message))

    def handle_loss(self, error: UpstreamError, *, for_good: bool) -> None:
        """As Owner.handle_loss: calls fail at once, subscribers only when no other connection follows."""
        self._answers.fail_all(error)
        if for_good:
            for queue, operation in self._subscribers.items():
                queue.close(copy_error(error, operation))

    def _report_undecodable(self, message: str | bytes, error: NotJson) -> None:
        bad = UpstreamBadReply(self._operation, f"a message of the websocket cannot be decoded: {error}")
        if not self._answers.fail_undecodable(message, bad) and not self._subscribers:
            self._answers.fail_all(bad)

    def _remove_subscriber(self, queue: BoundedQueue[Any]) -> None:
        del self._subscribers[queue]
        self.counts.count_dropped(queue.dropped)


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> WebsocketConnector:
    """Create the connector of an upstream, without I/O."""
    return WebsocketConnector(name, options, clock)
