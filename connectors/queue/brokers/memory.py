"""The broker in memory: everything a real one does, inside one process. `memory://name` is one broker for all of it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
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

MOST_BYTES = 8_000_000
"""Largest message."""


def fits(pattern: str, topic: str) -> bool:
    """Whether a topic fits a pattern with `*` for one token and a last `>` for one or more."""
    wanted, tokens = pattern.split("."), topic.split(".")
    for index, each in enumerate(wanted):
        if each == ">":
            return len(tokens) > index
        if index >= len(tokens) or each not in {"*", tokens[index]}:
            return False
    return len(wanted) == len(tokens)


@dataclass(slots=True, eq=False)
class _Line:
    """Messages waiting for one subscriber, or for whoever of a group comes first."""

    pattern: str
    group: str | None
    most: int
    is_durable: bool = False
    members: int = 0
    waiting: deque[Message] = field(default_factory=deque)
    readers: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def is_open(self) -> bool:
        """Whether it takes messages now."""
        return self.members > 0 or self.is_durable

    def put(self, message: Message, *, first: bool = False) -> None:
        """Add a message and wake one reader. Only groups keep everything; a subscriber loses its oldest."""
        if self.group is None and len(self.waiting) >= self.most:
            self.waiting.popleft()
        if first:
            self.waiting.appendleft(message)
        else:
            self.waiting.append(message)
        self.wake()

    def wake(self) -> None:
        """Let the next reader look."""
        while self.readers:
            reader = self.readers.popleft()
            if not reader.done():
                reader.set_result(None)
                return


class _Exchange:
    """What all brokers of one name share."""

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self._exact: dict[str, list[_Line]] = {}
        self._patterns: list[_Line] = []

    def lines_for(self, topic: str) -> list[_Line]:
        """The lines that take a message of this topic."""
        lines = [*self._exact.get(topic, ()), *(line for line in self._patterns if fits(line.pattern, topic))]
        return [line for line in lines if line.is_open]

    def line(self, pattern: str, group: str | None, most: int) -> _Line:
        """A new line, or that of the group."""
        here = self._beside(pattern)
        found = next((line for line in here if group and line.group == group and line.pattern == pattern), None)
        if found is None:
            found = _Line(pattern, group, most)
            here.append(found)
        return found

    def leave(self, line: _Line) -> None:
        """One member less. A group's line stays while messages wait in it, and a durable one for good."""
        line.members -= 1
        if not line.is_open and (line.group is None or not line.waiting):
            self._beside(line.pattern).remove(line)
            if not self._exact.get(line.pattern, True):
                del self._exact[line.pattern]

    def _beside(self, pattern: str) -> list[_Line]:
        has_wildcard = "*" in pattern or pattern.endswith(">")
        return self._patterns if has_wildcard else self._exact.setdefault(pattern, [])


_exchanges: dict[str, _Exchange] = {}


class Broker:
    """One party at the broker of a name."""

    def __init__(self, address: str, settings: Settings) -> None:
        self._exchange = _exchanges.setdefault(address, _Exchange())
        self._settings = settings
        self._open: set[_Lined] = set()
        self._is_closed = False

    async def open(self) -> None:
        """As the protocol: it always answers, until it is closed."""
        self._refuse_when_closed()

    async def publish(self, message: Message, *, durable: bool = False) -> None:
        """As the protocol. Raises BrokerFull, and then no line has it, when a group has too much to do."""
        self._refuse_when_closed()
        self._put(message, self._exchange.lines_for(message.topic))

    async def subscribe(self, topic: str, *, group: str | None = None, durable: bool = False) -> Subscription:
        """As the protocol."""
        self._refuse_when_closed()
        line = self._exchange.line(topic, group, self._settings.backlog)
        line.members += 1
        line.is_durable = line.is_durable or (durable and group is not None)
        subscription = _Lined(self._exchange, line, self._open)
        self._open.add(subscription)
        return subscription

    async def request(self, message: Message) -> Message:
        """As the protocol, with an inbox for each request."""
        self._refuse_when_closed()
        lines = [line for line in self._exchange.lines_for(message.topic) if line.members]
        if not lines:
            raise NoResponders(f"nobody answers {message.topic}")
        inbox = f"_inbox.{next(self._exchange.ids)}"
        correlation = message.correlation_id or inbox
        answers = await self.subscribe(inbox)
        try:
            self._put(replace(message, reply_to=inbox, correlation_id=correlation), lines)
            async for answer in answers:
                if answer.correlation_id in {None, correlation}:
                    return answer
            raise BrokerDisconnected("the broker was closed")
        finally:
            await answers.aclose()

    async def close(self) -> None:
        """As the protocol."""
        self._is_closed = True
        for subscription in list(self._open):
            subscription.end()
            await subscription.aclose()

    def _put(self, message: Message, lines: list[_Line]) -> None:
        if len(message.body) > MOST_BYTES:
            raise BrokerRefused(f"the message is larger than {MOST_BYTES} bytes")
        if full := next((line for line in lines if line.group and len(line.waiting) >= line.most), None):
            raise BrokerFull(f"{full.most} messages of {message.topic} wait for the group {full.group} already")
        for line in lines:
            line.put(message)

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise BrokerUnreachable("the broker is closed")


class _Lined(Subscription):
    """One member of a line."""

    def __init__(self, exchange: _Exchange, line: _Line, among: set[_Lined]) -> None:
        super().__init__()
        self._exchange, self._line, self._among = exchange, line, among
        self._reader: asyncio.Future[None] | None = None
        self._is_over = False

    def end(self) -> None:
        """The broker closes: who waits finds the end."""
        self._is_over = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _next(self) -> Message:
        while not self._is_over and not self._line.waiting:
            await self._something()
        if self._is_over:
            self._line.wake()  # the message that woke this one is for the next
            raise StopAsyncIteration
        message = self._line.waiting.popleft()
        return message if self._line.group is None else replace(message, settle=_Settler(self._line, message))

    async def _something(self) -> None:
        """Wait until it is worth to look: a message came, or the end."""
        self._reader = asyncio.get_running_loop().create_future()
        self._line.readers.append(self._reader)
        try:
            await self._reader
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._line.readers.remove(self._reader)
            if self._line.waiting:
                self._line.wake()  # this one may have been woken for it
            raise

    async def _stop(self) -> None:
        self._is_over = True
        if self in self._among:
            self._among.discard(self)
            self._exchange.leave(self._line)


class _Settler:
    """Takes the first word about a message."""

    def __init__(self, line: _Line, message: Message) -> None:
        self._line, self._message = line, message
        self._is_settled = False

    async def __call__(self, is_done: bool) -> None:
        if not self._is_settled and not is_done:
            self._line.put(self._message, first=True)
        self._is_settled = True
