"""Websocket upstreams: one socket for all calls and subscribers. Built by connectors.kinds, used through policies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from functools import partial
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
from connectors.messages.documents import decode_documents, outline_event, outline_unread
from connectors.messages.json_slices import Bounds
from connectors.messages.json_text import NotJson, decode_json_in_slices
from connectors.messages.templates import text_of
from connectors.streams.audiences import Audiences
from connectors.streams.counts import Counts
from connectors.streams.deadline import in_time, open_until_deadline
from connectors.streams.pace import Pace
from connectors.websocket.encode import encode_message, encode_subscription, encode_with_id, find_topic
from connectors.websocket.errors import create_stream_error
from connectors.websocket.operations import Request, Send, Subscribe
from connectors.websocket.options import Options
from connectors.websocket.session.answers import Answers
from connectors.websocket.session.own_sockets import OwnSockets
from connectors.websocket.session.patterns import Patterns
from connectors.websocket.session.replies import Replies
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
        self._create_error = partial(UpstreamBadReply, self._operation)
        self._socket = Socket(name, options, self, clock)
        self._subscriptions = Subscriptions()
        self._answers = Answers()
        self._pace = Pace(options.buffer)
        pong = options.ping.answer if options.ping is not None else None
        self._ignored = Patterns([*options.ignore, *([pong] if pong else [])])
        self._audiences: Audiences[Any] = Audiences(self._pace)
        self._subscribers: dict[BoundedQueue[Any], Subscribe] = {}
        self._replies = Replies(self._operation, options.ping_replies)
        self._has_streamed = False
        """Whether there was a subscriber."""
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
            self._subscribers[queue], self._has_streamed = operation, True
            stack.enter_context(open_until_deadline(call, queue, self._clock))
            values = {**operation.when, **topic}
            stack.enter_context(
                self._audiences.join(
                    operation.items, values, queue.put, newest=operation.last, case=operation.topic_case
                )
            )
            if operation.error is not None:
                failing = {**operation.error, **topic}
                stack.enter_context(
                    self._audiences.join(
                        operation.items,
                        failing,
                        lambda message: queue.close(create_stream_error(operation, message)),
                        case=operation.topic_case,
                    )
                )
            stack.enter_context(self._subscriptions.keep_subscribed(subscribe, unsubscribe))
            name = "".join(map(text_of, topic.values()))
            async for message in queue:
                if queue.dropped > queue.reported:
                    self.counts.count_dropped(queue.report_dropped())
                yield Event(data=message, topic=name)

    async def receive_message(self, message: str | bytes) -> None:
        """As Owner.receive_message."""
        if self._ignored and self._ignored.match_text(message):
            return
        if self._replies and (reply := self._replies.answer_text(message)) is not None:
            self._subscriptions.enqueue(reply)
            return
        try:
            data = await decode_json_in_slices(message, self._bounds, self._create_error)
        except NotJson:
            await self._receive_documents(message)
        else:
            await self._receive_document(data)

    async def _receive_documents(self, message: str | bytes) -> None:
        """Take a message that is not one JSON document: several, packed, or none."""
        found = await decode_documents(
            message, self._bounds, self._options.max_reply_size, create_error=self._create_error
        )
        for data in found.values:
            await self._receive_document(data)
        if found.unread:
            reason = found.reason
            self.counts.count_undecodable(lambda: outline_unread(message, reason), found.unread)
            self._report_undecodable(message, reason)
            await self._pace.rest()

    async def _receive_document(self, data: Any) -> None:
        """Hand one document to the call that it answers, or its events to subscribers; an array may be several."""
        if self._answers.dispatch(data):
            return
        if self._replies and (reply := self._replies.answer_data(data)) is not None:
            self._subscriptions.enqueue(reply)
            return
        if type(data) is list and self._answers.are_pending:
            rest = [each for each in data if not self._answers.dispatch(each)]
            if not rest and data:
                return
            data = rest if len(rest) < len(data) else data
        if self._ignored:
            if self._ignored.match_data(data):
                return
            if type(data) is list and any(map(self._ignored.match_data, data)):
                data = [each for each in data if not self._ignored.match_data(each)]
        unclaimed = await self._audiences.deal(data, _take_as_it_is)
        if unclaimed:
            if self._answers.is_late(data):
                self.counts.count_late()
            else:
                self._count_unclaimed(data, unclaimed)

    def _count_unclaimed(self, data: Any, number: int) -> None:
        def describe() -> str:
            return f"no subscriber wants {outline_event(data)}; compare topic= and when= with it, or add it to `ignore`"

        is_surprising = bool(self._subscribers) or not self._has_streamed  # not so when all subscribers have left
        self.counts.count_unrouted(describe if is_surprising else None, number)

    async def maintain(self) -> None:
        """As Owner.maintain: keep the upstream's subscriptions equal to those that subscribers need."""
        await self._subscriptions.synchronize(lambda message: self._socket.send(self._operation, message))

    def list_last_messages(self) -> list[bytes]:
        """As Owner.list_last_messages."""
        return self._subscriptions.list_last_messages()

    def handle_loss(self, error: UpstreamError, *, for_good: bool) -> None:
        """As Owner.handle_loss: calls fail at once, subscribers only when no other connection follows."""
        self._answers.fail_all(error)
        if for_good:
            for queue, operation in self._subscribers.items():
                queue.close(copy_error(error, operation))

    def _report_undecodable(self, message: str | bytes, reason: str) -> None:
        bad = UpstreamBadReply(self._operation, f"a message of the websocket cannot be decoded: {reason}")
        if not self._answers.fail_undecodable(message, bad) and not self._subscribers:
            self._answers.fail_all(bad)

    def _remove_subscriber(self, queue: BoundedQueue[Any]) -> None:
        del self._subscribers[queue]
        self.counts.count_dropped(queue.report_dropped())


def _take_as_it_is(event: Any) -> Any:
    return event


def connect(name: str, options: Options, clock: Clock = SYSTEM_CLOCK) -> WebsocketConnector:
    """Create the connector of an upstream, without I/O."""
    return WebsocketConnector(name, options, clock)
