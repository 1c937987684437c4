"""Single flight: of several that need the same result at once, one does the work and the others wait for it.

The first caller leads: it works in its own task, which costs hardly more than a key. The others follow. When the leader
is cut short, by its deadline or because its client hung up, it has no result, and one of the followers starts anew.
Used for calls, for whole operations, and for what several fields of one request load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedResult(Generic[T]):
    """The result of work that one task does and any number of tasks wait for.

    A follower that is cancelled does not touch the work: `asyncio.shield`, at a quarter of its cost.
    """

    # Defaults of the class cost nothing when a result is made: several are for each request, nearly all unawaited.
    _followers: list[asyncio.Future[T | None]] | None = None
    is_finished: bool = False
    value: T | None = None
    """The result; None before the work is finished, and when it was cut short."""

    @property
    def has_followers(self) -> bool:
        """Whether any task waits for the result."""
        return self._followers is not None

    def finish(self, value: T | None) -> None:
        """Hand the result to all followers. None means that there is none: they start anew. The first call counts."""
        if self.is_finished:
            return
        self.is_finished = True
        self.value = value
        if self._followers is not None:
            for follower in self._followers:
                if not follower.done():
                    follower.set_result(value)
            self._followers = None

    async def wait(self, timeout: float | None = None) -> T | None:  # noqa: ASYNC109 - see _give_up
        """The result; None when the work was cut short, or takes longer than `timeout` seconds."""
        if self.is_finished:
            return self.value
        loop = asyncio.get_running_loop()
        follower: asyncio.Future[T | None] = loop.create_future()
        if self._followers is None:
            self._followers = []
        self._followers.append(follower)
        if timeout is None:
            return await follower
        timer = loop.call_later(timeout, _give_up, follower)  # `asyncio.timeout` would take three times as long
        try:
            return await follower
        finally:
            timer.cancel()


class SingleFlight(Generic[T]):
    """Work under way, by key. Use: `find` and follow, else `lead` and, whatever happens, `finish`."""

    __slots__ = ("_under_way", "find")

    def __init__(self) -> None:
        self._under_way: dict[Hashable, SharedResult[T]] = {}
        self.find: Callable[[Hashable], SharedResult[T] | None] = self._under_way.get
        """The work under way for this key, to wait for."""

    def __len__(self) -> int:
        return len(self._under_way)

    def lead(self, key: Hashable) -> SharedResult[T]:
        """Begin the work for a key that `find` does not know. Others may follow until `finish`."""
        shared = self._under_way[key] = SharedResult()
        return shared

    def finish(self, key: Hashable, value: T | None = None) -> None:
        """End the work for a key; None when it was cut short, so that one of the followers starts anew."""
        shared = self._under_way.pop(key)
        if not shared.is_finished:
            shared.finish(value)

    async def follow(self, key: Hashable, left: Callable[[], float | None]) -> T | None:
        """The result of the work under way; None when nothing is under way for the key, so that the caller must lead.

        `left` is called before each wait for the seconds that the caller has; what it raises is raised. A follower that
        reached the end of these seconds calls it once more.
        """
        while (shared := self._under_way.get(key)) is not None:
            value = await shared.wait(left())
            if value is not None:
                return value
        return None


def _give_up(follower: asyncio.Future[T | None]) -> None:
    if not follower.done():
        follower.set_result(None)
