"""Keeps the upstream's subscriptions equal to those that subscribers need. Used by the connector."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Send = Callable[[bytes], Awaitable[None]]

MAX_CANCELLATIONS = 1_000
"""Cancellations that may wait to be sent; the oldest are dropped, because no call waits for what they cancel."""


@dataclass(slots=True)
class _Interest:
    subscribers: int
    unsubscribe: bytes | None


class Subscriptions:
    """Counts the subscribers of each subscribe message and sends the difference. Subscribers do not wait for it."""

    def __init__(self) -> None:
        self._interests: dict[bytes, _Interest] = {}
        self._unsubscribes: Counter[bytes] = Counter()
        """The messages that end subscriptions in use, and how many each ends."""
        self._sent: dict[bytes, bytes | None] = {}
        self._changes: dict[bytes, None] = {}  # an ordered set
        self._cancellations: deque[bytes] = deque(maxlen=MAX_CANCELLATIONS)
        self._changed = asyncio.Event()

    @contextmanager
    def keep_subscribed(self, subscribe: bytes, unsubscribe: bytes | None) -> Iterator[None]:
        """Count one subscriber of `subscribe` while inside; `unsubscribe` is sent when the last one has left."""
        interest = self._interests.get(subscribe)
        if interest is None:
            interest = self._interests[subscribe] = _Interest(0, unsubscribe)
            self._count_unsubscribe(unsubscribe, 1)
        interest.subscribers += 1
        self._mark_changed(subscribe)
        try:
            yield
        finally:
            interest.subscribers -= 1
            if not interest.subscribers:
                del self._interests[subscribe]
                self._count_unsubscribe(interest.unsubscribe, -1)
                self._mark_changed(subscribe)

    def enqueue(self, message: bytes) -> None:
        """Send a message after those before it; it is lost when the connection breaks."""
        self._cancellations.append(message)
        self._changed.set()

    async def synchronize(self, send: Send) -> None:
        """Send all subscriptions over a new connection, then each change, until `send` raises or this is cancelled."""
        self._cancellations.clear()
        self._changes = dict.fromkeys(self._interests)
        try:
            while True:
                while self._cancellations:
                    await send(self._cancellations.popleft())
                if self._changes:
                    subscribe = next(iter(self._changes))
                    del self._changes[subscribe]
                    await self._synchronize_one(subscribe, send)
                else:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self._sent.clear()  # all subscriptions ended with the connection
            self._changes.clear()

    def list_last_messages(self) -> list[bytes]:
        """What is left to send before the connection is closed: cancellations, and the end of each subscription."""
        return [*self._cancellations, *dict.fromkeys(each for each in self._sent.values() if each is not None)]

    async def _synchronize_one(self, subscribe: bytes, send: Send) -> None:
        interest = self._interests.get(subscribe)
        if interest is not None and subscribe not in self._sent:
            self._sent[subscribe] = interest.unsubscribe
            await send(subscribe)
        elif interest is None and subscribe in self._sent:
            unsubscribe = self._sent.pop(subscribe)
            if unsubscribe is not None and not self._would_end_another(unsubscribe):
                await send(unsubscribe)

    def _count_unsubscribe(self, unsubscribe: bytes | None, change: int) -> None:
        if unsubscribe is not None:
            self._unsubscribes[unsubscribe] += change
            if not self._unsubscribes[unsubscribe]:
                del self._unsubscribes[unsubscribe]

    def _would_end_another(self, unsubscribe: bytes) -> bool:
        """Whether a subscription that goes on ends by the same message. Then this one stays, and is not heard."""
        return unsubscribe in self._unsubscribes

    def _mark_changed(self, subscribe: bytes) -> None:
        """Note a difference to send; a subscriber that comes while the last one leaves cancels it out."""
        if (subscribe in self._interests) == (subscribe in self._sent):
            self._changes.pop(subscribe, None)
        else:
            self._changes[subscribe] = None
            self._changed.set()
