"""One member of a group: a subscription of its own, joined again after a lost connection. Used by the connector."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from connectors.aio.clock import Clock
from connectors.contract import Call
from connectors.errors import UpstreamDisconnected, UpstreamUnreachable
from connectors.queue.brokers import Broker, Message, Subscription
from connectors.streams.deadline import in_time
from connectors.streams.reconnect import Backoff, Reconnect

LATE = "the deadline of the subscription has passed"


class TranslateErrors(Protocol):
    """Translates what the broker raises inside, within the deadline of the call; see connectors.queue.errors."""

    def __call__(self, call: Call, late: str, /) -> AbstractAsyncContextManager[None]:
        """`late` says what was not in time."""


class GroupMember:
    """Reads a topic as one member of a group; reading the next message acknowledges the last.

    A member that is slow makes the broker wait: nothing is dropped.
    """

    def __init__(
        self,
        broker: Broker,
        topic: str,
        group: str,
        *,
        durable: bool,
        rules: Reconnect,
        translate_errors: TranslateErrors,
        is_closed: Callable[[], bool],
        clock: Clock,
    ) -> None:
        """`is_closed`: the connector was closed, so that joining again is hopeless."""
        self._broker = broker
        self._topic = topic
        self._group = group
        self._durable = durable
        self._pauses = Backoff(rules, clock)
        self._translate_errors = translate_errors
        self._is_closed = is_closed
        self._clock = clock
        self._subscription: Subscription | None = None
        self._began = 0.0

    async def join(self, call: Call) -> None:
        """Join the group. Raises UpstreamError when that is not possible now."""
        async with self._translate_errors(call, "no subscription in time"):
            self._subscription = await self._broker.subscribe(self._topic, group=self._group, durable=self._durable)
        self._began = self._clock.now()

    async def read(self, call: Call) -> Message:
        """Wait for the next message; after a lost connection, join again for as long as the rules say.

        Raises UpstreamDisconnected when the connector is closed, UpstreamUnreachable when joining again is hopeless,
        and UpstreamTimeout at the deadline of the call.
        """
        assert self._subscription is not None
        while True:
            try:
                async with self._translate_errors(call, LATE):
                    message = await anext(self._subscription, None)
            except UpstreamDisconnected:
                await self._subscription.aclose()
                self._pauses.record_loss(open_for=self._clock.now() - self._began, has_received=True)
                await self._join_again(call)
                continue
            if message is None:
                raise UpstreamDisconnected(call.operation, "the connector was closed")
            return message

    async def leave(self) -> None:
        """Give back the message that is not acknowledged, and end the subscription."""
        if self._subscription is not None:
            await self._subscription.aclose()

    async def _join_again(self, call: Call) -> None:
        while True:
            async with in_time(call, LATE, self._clock):
                await self._clock.sleep(self._pauses.next_delay())
            try:
                await self.join(call)
            except (UpstreamUnreachable, UpstreamDisconnected):
                if self._pauses.has_given_up or self._is_closed():
                    raise
            else:
                return
