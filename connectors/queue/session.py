"""One subscription at the broker for all viewers of a topic in this process. Used by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from connectors.aio.bounded_queue import BoundedQueue
from connectors.aio.clock import Clock
from connectors.aio.single_flight import SharedResult
from connectors.contract import Event
from connectors.queue.brokers import Broker, Message
from connectors.queue.brokers.contract import BrokerDisconnected, BrokerError
from connectors.streams.audience import Audience, Path
from connectors.streams.pace import Pace
from connectors.streams.reconnect import Pauses, Reconnect

Read = Callable[[Message], Event | None]
"""Makes an event of a message; None when it cannot be read."""


class SharedTopic:
    """Deals the messages of a topic to its viewers, and subscribes again when the connection was lost."""

    def __init__(self, broker: Broker, topic: str, rules: Reconnect, read: Read, pace: Pace, clock: Clock) -> None:
        """Begins at once."""
        self._broker = broker
        self._topic = topic
        self._rules = rules
        self._clock = clock
        self._read = read
        self._pace = pace
        self._audience: Audience[Event] = Audience()
        self._viewers: set[Callable[[BrokerError], None]] = set()
        self._opened: SharedResult[BrokerError | Literal["open"]] = SharedResult()
        self._running = asyncio.create_task(self._run())

    @property
    def is_over(self) -> bool:
        """Whether nobody will be told anything any more."""
        return self._running.done()

    @contextmanager
    def viewed(
        self, wanted: Mapping[Path, Any], queue: BoundedQueue[Event], fail: Callable[[BrokerError], None]
    ) -> Iterator[None]:
        """Fill the queue with events whose data equals `wanted`, while inside; `fail` is told the end."""
        with ExitStack() as stack:
            self._viewers.add(fail)
            stack.callback(self._viewers.discard, fail)
            stack.enter_context(self._audience.joined(wanted, queue.put))
            yield

    @property
    def is_viewed(self) -> bool:
        """Whether anybody is here."""
        return bool(self._viewers)

    async def opened(self) -> None:
        """Return when the first subscription is in place. Raises BrokerError when it could not be made."""
        outcome = await self._opened.wait()
        if isinstance(outcome, BrokerError):
            raise outcome

    def end(self, error: BrokerError) -> None:
        """Tell all viewers that this is the end."""
        for fail in list(self._viewers):
            fail(error)
        self._opened.finish(error)

    async def stop(self) -> None:
        """End the subscription at the broker."""
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _run(self) -> None:
        pauses = Pauses(self._rules, self._clock)
        while True:
            began = self._clock.now()
            was_open, error = await self._once()
            if was_open:
                pauses.lost(open_for=self._clock.now() - began)
            if not self._opened.is_finished:
                self._opened.finish(error)
                return
            if pauses.is_hopeless:
                self.end(error)
                return
            await self._clock.sleep(pauses.next())

    async def _once(self) -> tuple[bool, BrokerError]:
        """One subscription, until it ends: whether it was in place, and how it ended."""
        try:
            subscription = await self._broker.subscribe(self._topic)
        except BrokerError as error:
            return False, error
        self._opened.finish("open")
        try:
            async for message in subscription:
                event = self._read(message)
                if event is not None:
                    self._audience.tell(event.data, event)
                await self._pace.dealt()
        except BrokerError as error:
            return True, error
        finally:
            await subscription.aclose()
        return True, BrokerDisconnected("the broker ended the subscription")
