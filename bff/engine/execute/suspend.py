"""Run a coroutine up to the first thing it must wait for, without an event loop. Used by `run` for sets.

Most sets have nothing to wait for: they are done when they have been started, and cost no task. The others call
`Line.enter_loop` once, before they wait, and continue when they are awaited.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, Generic, TypeVar

from connectors.aio.cpu_meter import CpuMeter, measure_steps

T = TypeVar("T")


class EagerStart(Generic[T]):
    """A coroutine that has run as far as it could; `is_done` tells whether that was to the end."""

    __slots__ = ("_coroutine", "is_done", "meter", "value")

    value: T

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        """Raises what the coroutine raises before it waits."""
        self._coroutine = work
        try:
            work.send(None)
        except StopIteration as done:
            self.value = done.value
            self.is_done = True
        else:
            self.is_done = False
            self.meter: CpuMeter | None = None
            """What measures the rest; None where nothing does, or what awaits it is measured."""

    def __await__(self) -> Generator[Any, None, T]:
        """The rest of it."""
        meter = self.meter
        return self._coroutine.__await__() if meter is None else measure_steps(meter, self._coroutine)

    def close(self) -> None:
        """Give up what has not been awaited."""
        self._coroutine.close()


class Line:
    """One line of work: what one driver has started. It suspends at most once; afterwards it may wait for anything."""

    __slots__ = ("_is_live",)

    def __init__(self) -> None:
        self._is_live = False

    async def enter_loop(self) -> None:
        """Return when an event loop runs this line."""
        if not self._is_live:
            self._is_live = True
            await _suspend()


@coroutine
def _suspend() -> Generator[None, None, None]:
    yield
