"""Websocket upstreams: one socket for all viewers. Built by connectors.kinds, used through policies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Any

from connectors.aio.bounded_queue import BoundedQueue, Counts
from connectors.contract import Call, Event, Operation, Reply, at_path
from connectors.errors import (
    UpstreamBadReply,
    UpstreamError,
    UpstreamFailed,
    UpstreamTimeout,
    UpstreamUnavailable,
    copy_error,
)
from connectors.messages.json_text import NotJson, decoded
from connectors.messages.templates import text_of
from connectors.streams.audience import Audience
from connectors.streams.deadline import in_time, open_until_deadline
from connectors.websocket.encode import encode_message, encode_subscription, encode_with_id, find_topic
from connectors.websocket.errors import find_code
from connectors.websocket.operations import Ask, Tell, Watch
from connectors.websocket.options import Options
from connectors.websocket.session.answers import Answers
from connectors.websocket.session.socket import Socket
from connectors.websocket.session.subscriptions import Subscriptions


class WebsocketConnector:
    """Speaks to one websocket upstream through one socket, which it owns and closes. A Connector, Streams, Publishes.

    The socket carries nobody's own headers, so those of calls are not sent. A message that cannot be read is a bad
    reply to the call whose id is in it, or to all calls when nobody watches anything, and is passed over otherwise.
    """

    def __init__(self, name: str, options: Options) -> None:
        self._options = options
        self._about = Operation(upstream=name, name="socket")
        self._socket = Socket(name, options, self)
        self._subscriptions = Subscriptions()
        self._answers = Answers()
        self._audience: Audience[Any] = Audience()
        self._viewers: dict[BoundedQueue[Any], Watch] = {}
        self.counts = Counts()
        """Messages of this upstream that nobody saw."""

    async def start(self) -> None:
        """Connect, so that a wrong address is noticed at once. DefinitionError when a TLS file is not usable."""
        await self._socket.opened(self._about)

    async def check(self) -> None:
        """Connect when there is no socket; costs nothing when there is. Raises as `start`."""
        await self._socket.opened(self._about)

    async def close(self) -> None:
        """As Connector.close."""
        await self._socket.close()

    async def send(self, call: Call) -> Reply:
        """Ask and wait for the answer with the same id; tell the upstream when nobody waits any more."""
        operation = call.operation
        assert isinstance(operation, Ask)
        own = self._answers.new_id()
        question = encode_with_id(operation, operation.request, call.arguments, own)
        with self._socket.used():
            async with in_time(call, "no websocket before the deadline"):
                await self._socket.opened(operation)
            with self._answers.awaited(operation.id, own) as answer:
                try:
                    async with in_time(call, "no answer over the websocket"):
                        await self._socket.say(operation, question)
                        message = await answer
                except (UpstreamTimeout, asyncio.CancelledError):
                    if operation.cancel is not None:
                        goodbye = encode_with_id(operation, operation.cancel, call.arguments, own)
                        self._subscriptions.say_goodbye(goodbye)
                    raise
        if isinstance(message, UpstreamError):
            raise copy_error(message, operation)
        if operation.error and (failure := at_path(message, operation.error)) is not None:
            raise UpstreamFailed(operation, "the answer reports a failure", upstream_code=find_code(failure))
        return Reply(message)

    async def publish(self, call: Call) -> None:
        """Send a message; returns when the network has it. A websocket tells nobody whether it was read."""
        operation = call.operation
        assert isinstance(operation, Tell)
        message = encode_message(operation, call.arguments)
        with self._socket.used():
            async with in_time(call, "no websocket before the deadline"):
                await self._socket.opened(operation)
                await self._socket.say(operation, message)

    async def stream(self, call: Call) -> AsyncGenerator[Event, None]:
        """Yield the messages of a topic. All viewers of the same subscribe message share one subscription upstream.

        A gap while the connection is made again is not noticed; UpstreamUnreachable when it cannot be made.
        """
        operation = call.operation
        assert isinstance(operation, Watch)
        subscribe, unsubscribe = encode_subscription(operation, call.arguments)
        topic = find_topic(call, operation)
        slow = UpstreamUnavailable(operation, "this viewer was slower than the stream and was sent away")
        queue: BoundedQueue[Any] = BoundedQueue(self._options.buffer, self._options.overflow, slow)
        with ExitStack() as stack:
            stack.enter_context(self._socket.used())
            async with in_time(call, "no websocket before the deadline"):
                await self._socket.opened(operation)
            stack.callback(self._forget, queue)
            self._viewers[queue] = operation
            stack.enter_context(open_until_deadline(call, queue))
            wanted = {**operation.when, **topic}
            stack.enter_context(self._audience.joined(wanted, queue.put, newest=operation.last))
            if operation.error is not None:
                failed = UpstreamFailed(operation, "the upstream ended the stream with an error message")
                failing = {**operation.error, **topic}
                stack.enter_context(self._audience.joined(failing, lambda _: queue.close(failed)))
            stack.enter_context(self._subscriptions.wanted(subscribe, unsubscribe))
            name = "".join(map(text_of, topic.values()))
            async for message in queue:
                yield Event(data=message, topic=name)

    def arrived(self, message: str | bytes) -> None:
        """As Owner.arrived."""
        try:
            data = decoded(message, self._options.max_depth)
        except NotJson as error:
            self.counts.undecodable += 1
            self._unread(message, error)
            return
        if not self._answers.take(data) and not self._audience.tell(data, data):
            self.counts.unrouted += 1

    async def attend(self) -> None:
        """As Owner.attend: keep the upstream's subscriptions what viewers want."""
        await self._subscriptions.run(lambda message: self._socket.say(self._about, message))

    def ended(self, error: UpstreamError, *, for_good: bool) -> None:
        """As Owner.ended: questions fail at once, viewers only when there will be no other connection."""
        self._answers.fail_all(error)
        if for_good:
            for queue, operation in self._viewers.items():
                queue.close(copy_error(error, operation))

    def _unread(self, message: str | bytes, error: NotJson) -> None:
        bad = UpstreamBadReply(self._about, f"a message of the websocket cannot be read: {error}")
        if not self._answers.fail_unread(message, bad) and not self._viewers:
            self._answers.fail_all(bad)

    def _forget(self, queue: BoundedQueue[Any]) -> None:
        del self._viewers[queue]
        self.counts.dropped += queue.dropped


def connect(name: str, options: Options) -> WebsocketConnector:
    """Make the connector of an upstream, without any I/O."""
    return WebsocketConnector(name, options)
