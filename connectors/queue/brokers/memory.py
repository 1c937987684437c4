"""The broker in memory, for one process. All connectors with the address `memory://name` share one broker."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from connectors.queue.brokers.contract import (
    BrokerDisconnected,
    BrokerFull,
    BrokerRefused,
    BrokerUnreachable,
    Message,
    NoResponders,
    Settings,
    Subscription,
)

MAX_BYTES = 8_000_000
"""Largest message."""


def matches_topic(pattern: str, topic: str) -> bool:
    """Whether a topic matches a pattern with `*` for one token and a last `>` for one or more."""
    wanted, tokens = pattern.split("."), topic.split(".")
    for index, each in enumerate(wanted):
        if each == ">":
            return len(tokens) > index
        if index >= len(tokens) or each not in {"*", tokens[index]}:
            return False
    return len(wanted) == len(tokens)


@dataclass(slots=True, eq=False)
class _Queue:
    """Messages that wait for one subscriber, or for the members of one group."""

    pattern: str
    group: str | None
    max_waiting: int
    count_dropped: Callable[[int], None]
    is_durable: bool = False
    members: int = 0
    waiting: deque[Message] = field(default_factory=deque)
    readers: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def is_open(self) -> bool:
        """Whether it takes messages now."""
        return self.members > 0 or self.is_durable

    def put(self, message: Message, *, first: bool = False) -> None:
        """Add a message and wake one reader. A subscriber that is too slow loses its oldest; a group loses none."""
        if self.group is None and len(self.waiting) >= self.max_waiting:
            self.waiting.popleft()
            self.count_dropped(1)
        if first:
            self.waiting.appendleft(message)
        else:
            self.waiting.append(message)
        self.wake_reader()

    def wake_reader(self) -> None:
        """Wake the reader that waits longest."""
        while self.readers:
            reader = self.readers.popleft()
            if not reader.done():
                reader.set_result(None)
                return


class _Exchange:
    """The queues that all brokers of one name share."""

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self._exact: dict[str, list[_Queue]] = {}
        self._patterns: list[_Queue] = []

    def find_queues(self, topic: str) -> list[_Queue]:
        """Find the queues that take a message of this topic."""
        matching = (queue for queue in self._patterns if matches_topic(queue.pattern, topic))
        return [queue for queue in (*self._exact.get(topic, ()), *matching) if queue.is_open]

    def get_queue(self, pattern: str, group: str | None, settings: Settings) -> _Queue:
        """Create a queue, or return that of the group."""
        bucket = self._get_bucket(pattern)
        found = next((queue for queue in bucket if group and queue.group == group and queue.pattern == pattern), None)
        if found is None:
            found = _Queue(pattern, group, settings.max_backlog, settings.count_dropped)
            bucket.append(found)
        return found

    def remove_member(self, queue: _Queue) -> None:
        """Remove a member. The queue of a group stays while messages wait in it, a durable one for ever."""
        queue.members -= 1
        if not queue.is_open and (queue.group is None or not queue.waiting):
            self._get_bucket(queue.pattern).remove(queue)
            if not self._exact.get(queue.pattern, True):
                del self._exact[queue.pattern]

    def _get_bucket(self, pattern: str) -> list[_Queue]:
        has_wildcard = "*" in pattern or pattern.endswith(">")
        return self._patterns if has_wildcard else self._exact.setdefault(pattern, [])


_exchanges: dict[str, _Exchange] = {}


class Broker:
    """One client of the broker of a name."""

    def __init__(self, address: str, settings: Settings) -> None:
        self._exchange = _exchanges.setdefault(address, _Exchange())
        self._settings = settings
        self._open: set[_MemorySubscription] = set()
        self._is_closed = False

    async def open(self) -> None:
        """As Broker.open: it answers until it is closed."""
        self._check_open()

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """As Broker.publish. Raises BrokerFull when the queue of a group is full; then no queue has the message."""
        self._check_open()
        self._enqueue(message, self._exchange.find_queues(message.topic))

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """As the contract says."""
        self._check_open()
        queue = self._exchange.get_queue(topic, group, self._settings)
        queue.members += 1
        queue.is_durable = queue.is_durable or (durable and group is not None)
        subscription = _MemorySubscription(self._exchange, queue, self._open)
        self._open.add(subscription)
        return subscription

    async def request(self, message: Message) -> Message:
        """As Broker.request, with an inbox for each request."""
        self._check_open()
        queues = [queue for queue in self._exchange.find_queues(message.topic) if queue.members]
        if not queues:
            raise NoResponders(f"no responder subscribes to {message.topic}")
        inbox = f"_inbox.{next(self._exchange.ids)}"
        correlation = message.correlation_id or inbox
        answers = await self.subscribe(inbox)
        try:
            self._enqueue(replace(message, reply_to=inbox, correlation_id=correlation), queues)
            async for answer in answers:
                if answer.correlation_id in {None, correlation}:
                    return answer
            raise BrokerDisconnected("the broker was closed")
        finally:
            await answers.aclose()

    async def close(self) -> None:
        """As the contract says."""
        self._is_closed = True
        for subscription in list(self._open):
            subscription.end()
            await subscription.aclose()

    def _enqueue(self, message: Message, queues: list[_Queue]) -> None:
        if len(message.body) > MAX_BYTES:
            raise BrokerRefused(f"the message is larger than {MAX_BYTES} bytes")
        if full := next((queue for queue in queues if queue.group and len(queue.waiting) >= queue.max_waiting), None):
            raise BrokerFull(f"{full.max_waiting} messages of {message.topic} wait for the group {full.group} already")
        for queue in queues:
            queue.put(message)

    def _check_open(self) -> None:
        if self._is_closed:
            raise BrokerUnreachable("the broker is closed")


class _MemorySubscription(Subscription):
    """One member of a queue."""

    def __init__(self, exchange: _Exchange, queue: _Queue, among: set[_MemorySubscription]) -> None:
        super().__init__()
        self._exchange, self._queue, self._among = exchange, queue, among
        self._reader: asyncio.Future[None] | None = None
        self._is_over = False

    def end(self) -> None:
        """End the wait for a message: the broker closes."""
        self._is_over = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _receive(self) -> Message:
        while not self._is_over and not self._queue.waiting:
            await self._wait_for_change()
        if self._is_over:
            self._queue.wake_reader()  # the message that woke this reader goes to the next one
            raise StopAsyncIteration
        message = self._queue.waiting.popleft()
        return (
            message if self._queue.group is None else replace(message, acknowledge=_Acknowledger(self._queue, message))
        )

    async def _wait_for_change(self) -> None:
        """Wait until a message comes or the broker closes."""
        self._reader = asyncio.get_running_loop().create_future()
        self._queue.readers.append(self._reader)
        try:
            await self._reader
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._queue.readers.remove(self._reader)
            if self._queue.waiting:
                self._queue.wake_reader()  # this reader may have been woken for it
            raise

    async def _unsubscribe(self) -> None:
        self._is_over = True
        if self in self._among:
            self._among.discard(self)
            self._exchange.remove_member(self._queue)


class _Acknowledger:
    """Puts a message back into its queue when it is given back. The first call counts."""

    def __init__(self, queue: _Queue, message: Message) -> None:
        self._queue, self._message = queue, message
        self._is_acknowledged = False

    async def __call__(self, is_done: bool) -> None:
        if not self._is_acknowledged and not is_done:
            self._queue.put(self._message, first=True)
        self._is_acknowledged = True
