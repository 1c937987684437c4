"""What is subscribed upstream, kept equal to what viewers want. Used by the connector, once per connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Say = Callable[[bytes], Awaitable[None]]

MOST_GOODBYES = 1_000
"""Cancellations that may wait to be sent; older ones are forgotten, for nobody waits for what they cancel."""


@dataclass(slots=True)
class _Wish:
    viewers: int
    unsubscribe: bytes | None


class Subscriptions:
    """Counts who wants which subscribe message, and sends the difference. Viewers never wait for it."""

    def __init__(self) -> None:
        self._wishes: dict[bytes, _Wish] = {}
        self._sent: dict[bytes, bytes | None] = {}
        self._unsure: dict[bytes, None] = {}  # a set in order: first come, first served
        self._goodbyes: deque[bytes] = deque(maxlen=MOST_GOODBYES)
        self._changed = asyncio.Event()

    @contextmanager
    def wanted(self, subscribe: bytes, unsubscribe: bytes | None) -> Iterator[None]:
        """One more viewer of what `subscribe` asks for, while inside; `unsubscribe` is sent when the last one left."""
        wish = self._wishes.setdefault(subscribe, _Wish(0, unsubscribe))
        wish.viewers += 1
        self._look_at(subscribe)
        try:
            yield
        finally:
            wish.viewers -= 1
            if not wish.viewers:
                del self._wishes[subscribe]
                self._look_at(subscribe)

    def say_goodbye(self, message: bytes) -> None:
        """Send a message when there is time; it is lost with the connection."""
        self._goodbyes.append(message)
        self._changed.set()

    async def run(self, say: Say) -> None:
        """Subscribe a new connection to all that is wanted, and keep it so until `say` raises or this is cancelled."""
        self._goodbyes.clear()
        self._unsure = dict.fromkeys(self._wishes)
        try:
            while True:
                while self._goodbyes:
                    await say(self._goodbyes.popleft())
                if self._unsure:
                    subscribe = next(iter(self._unsure))
                    del self._unsure[subscribe]
                    await self._settle(subscribe, say)
                else:
                    self._changed.clear()
                    await self._changed.wait()
        finally:
            self._sent.clear()  # all subscriptions ended with the connection
            self._unsure.clear()

    async def _settle(self, subscribe: bytes, say: Say) -> None:
        wish = self._wishes.get(subscribe)
        if wish is not None and subscribe not in self._sent:
            self._sent[subscribe] = wish.unsubscribe
            await say(subscribe)
        elif wish is None and subscribe in self._sent:
            unsubscribe = self._sent.pop(subscribe)
            if unsubscribe is not None:
                await say(unsubscribe)

    def _look_at(self, subscribe: bytes) -> None:
        """A viewer who comes while the last one leaves finds the subscription still there."""
        if (subscribe in self._wishes) == (subscribe in self._sent):
            self._unsure.pop(subscribe, None)
        else:
            self._unsure[subscribe] = None
            self._changed.set()
