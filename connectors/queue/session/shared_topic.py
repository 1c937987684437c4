"""One subscription at the broker for all subscribers of a topic in this process. Used by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from connectors.aio.bounded_queue import BoundedQueue
from connectors.aio.clock import Clock
from connectors.aio.single_flight import SharedResult
from connectors.contract import Event
from connectors.messages.documents import Documents
from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.contract import BrokerDisconnected, BrokerError
from connectors.streams.audience import Path
from connectors.streams.audiences import Audiences, Items
from connectors.streams.pace import Pace
from connectors.streams.reconnect import Backoff, Reconnect

Decode = Callable[[Message], Awaitable[Documents]]
"""Decodes a message, and counts what cannot be decoded."""
CountUnclaimed = Callable[[int], None]
"""Counts events that no subscriber wants."""


class SharedTopic:
    """Passes the messages of a topic to its subscribers, and subscribes again after a lost connection."""

    def __init__(
        self,
        broker: Broker,
        topic: str,
        rules: Reconnect,
        decode: Decode,
        count_unclaimed: CountUnclaimed,
        pace: Pace,
        clock: Clock,
    ) -> None:
        """Subscribe at once, in a task of its own; `stop` ends it."""
        self._broker = broker
        self._topic = topic
        self._rules = rules
        self._decode = decode
        self._count_unclaimed = count_unclaimed
        self._pace = pace
        self._clock = clock
        self._audiences: Audiences[Event] = Audiences(pace)
        self._failers: set[Callable[[BrokerError], None]] = set()
        self._opened: SharedResult[BrokerError | Literal["open"]] = SharedResult()
        self._running = asyncio.create_task(self._keep_subscribed())

    @property
    def is_over(self) -> bool:
        """Whether no message will be passed on any more."""
        return self._running.done()

    @property
    def has_subscribers(self) -> bool:
        """Whether anybody is attached."""
        return bool(self._failers)

    @property
    def subscriber_count(self) -> int:
        """How many are attached."""
        return len(self._failers)

    @contextmanager
    def attach(
        self,
        items: Items,
        values: Mapping[Path, Any],
        queue: BoundedQueue[Event],
        fail: Callable[[BrokerError], None],
    ) -> Iterator[None]:
        """Put the events whose data has these values into the queue, while inside; `fail` is called with the end."""
        with ExitStack() as stack:
            self._failers.add(fail)
            stack.callback(self._failers.discard, fail)
            stack.enter_context(self._audiences.join(items, values, queue.put))
            yield

    async def wait_until_open(self) -> None:
        """Return when the first subscription is in place. Raises BrokerError when it failed."""
        outcome = await self._opened.wait()
        if isinstance(outcome, BrokerError):
            raise outcome

    def fail(self, error: BrokerError) -> None:
        """End all subscribers with this error."""
        for fail in list(self._failers):
            fail(error)
        self._opened.finish(error)

    async def stop(self) -> None:
        """End the subscription at the broker."""
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _keep_subscribed(self) -> None:
        backoff = Backoff(self._rules, self._clock)
        while True:
            began = self._clock.now()
            was_open, error = await self._subscribe_once()
            if was_open:
                backoff.record_loss(open_for=self._clock.now() - began, has_received=True)
            if not self._opened.is_finished:
                self._opened.finish(error)
                return
            if backoff.has_given_up:
                self.fail(error)
                return
            await self._clock.sleep(backoff.next_delay())

    async def _subscribe_once(self) -> tuple[bool, BrokerError]:
        """Read one subscription until it ends. Returns whether it was in place, and how it ended."""
        try:
            subscription = await self._broker.subscribe(self._topic)
        except BrokerError as error:
            return False, error
        self._opened.finish("open")
        try:
            async for message in subscription:
                await self._deal_message(message)
        except BrokerError as error:
            return True, error
        finally:
            await subscription.aclose()
        return True, BrokerDisconnected("the broker ended the subscription")

    async def _deal_message(self, message: Message) -> None:
        for data in (await self._decode(message)).values:
            unclaimed = await self._audiences.deal(
                data, lambda event: Event(data=event, topic=message.topic, headers=message.headers)
            )
            if unclaimed:
                self._count_unclaimed(unclaimed)
        await self._pace.rest()
