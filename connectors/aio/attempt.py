"""Attempts: what is opened once, when first needed, and waited for by all who need it. Used for channels and schemas.

The work runs in a task of its own, so that no caller that gives up ends it for the others. A failed attempt is reported
to all who wait for it, and the next caller tries anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from connectors.aio.clock import SYSTEM_CLOCK, Clock, timeout_after

T = TypeVar("T")


class Closed(Exception):
    """The attempt was closed."""


class Attempt(Generic[T]):
    """Opens something at most once at a time, and keeps it until `forget`."""

    __slots__ = ("_clock", "_name", "_open", "_task", "is_closed", "value")

    def __init__(
        self, open_: Callable[[], Awaitable[T]], *, name: str | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """`name` is that of the task in which `open_` runs."""
        self._open = open_
        self._name = name
        self._clock = clock
        self._task: asyncio.Task[T] | None = None
        self.value: T | None = None
        """What was opened; None while nothing is open."""
        self.is_closed = False

    @property
    def is_under_way(self) -> bool:
        """Whether the work is being done now."""
        return self._task is not None

    async def wait(self, timeout: float | None = None) -> T:  # noqa: ASYNC109 - each waiter has its own
        """What is open, opened if need be.

        Raises what opening raises, TimeoutError when this caller has waited for `timeout` seconds, and Closed.
        """
        if self.value is not None and not self.is_closed:
            return self.value
        task = self.start()
        try:
            async with timeout_after(timeout, self._clock):
                return await asyncio.shield(task)
        except asyncio.CancelledError:
            if self.is_closed and not _is_cancelling():
                raise Closed from None  # by `close`, and not by the code that cancelled the waiting task
            raise

    def start(self) -> asyncio.Task[T]:
        """The task that opens it, begun if need be. Raises Closed."""
        if self.is_closed:
            raise Closed
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)
            self._task.add_done_callback(_retrieve)
        return self._task

    def forget(self) -> None:
        """What was opened is lost: the next caller opens it anew."""
        self.value = None

    async def close(self) -> None:
        """End an attempt that is under way and allow no other. Idempotent; closing what was opened is the owner's."""
        self.is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> T:
        try:
            self.value = value = await self._open()
            return value
        finally:
            self._task = None


def _retrieve(task: asyncio.Task[T]) -> None:
    """Look at the exception, because the tasks that waited may all be gone."""
    if not task.cancelled():
        task.exception()


def _is_cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
