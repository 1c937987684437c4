"""CPU time of work on an event loop: measured each time that the work goes on, so that nothing is paid per item.

The gateway holds operations to a budget with it. Only coroutines that are handed to `measure` count: one for each task.
"""

from __future__ import annotations

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from contextvars import Context
from inspect import iscoroutine
from time import perf_counter, thread_time
from types import coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

COARSE: Final = 0.2
"""The part of a budget that is measured by the clock on the wall, which costs a sixth of the CPU clock (measured): it
may count what other processes did meanwhile, but never too little."""
SAMPLE: Final = 16
"""Of many like works one in so many is measured, and counts for all of them."""
MAX_ALIKE: Final = 0.001
"""Seconds of one step that are taken to be the same in the works that are not measured."""


_NOTHING: Final = object()


class CpuExceeded(Exception):
    """The budget is used up; the work was cancelled."""


class CpuMeter:
    """Adds up the CPU seconds of all measured work of one operation, and ends it when it has used its budget."""

    resumed_at = 0.0
    """When the step that runs now began, in seconds of `time.perf_counter()`."""
    spent = 0.0
    is_exceeded = False
    clock: Callable[[], float] | None = None
    """The CPU clock, where that on the wall is not good enough any more."""

    def __init__(self, max_seconds: float, cut: Callable[[], object] | None = None) -> None:
        self._max_seconds = max_seconds
        self.cut = cut
        """Called once when the budget is used up: cancels the task that waits for all of the work."""
        self.alarm = max_seconds * COARSE
        """`check` is to be called when more than this is spent."""

    def renew(self) -> None:
        """Begin with a full budget again."""
        self.spent = 0.0
        self.alarm = self._max_seconds * COARSE
        self.is_exceeded = False
        self.clock = None

    def measure_each(self, works: Iterable[Awaitable[T]]) -> Iterator[Awaitable[T]]:
        """Works that are all alike. Of more than SAMPLE, one in SAMPLE is measured."""
        several = list(works)
        if len(several) <= SAMPLE:
            yield from (MeasuredTask(self, work) for work in several)
            return
        for index, work in enumerate(several):
            yield MeasuredTask(self, work, SAMPLE) if index % SAMPLE == SAMPLE - 1 else work

    def check(self) -> None:
        """Look more closely from the alarm on, and end all work over the budget."""
        if self.clock is None:
            self.clock = thread_time
            self.spent = self.alarm  # more than that the machine may have done for others
            self.alarm = self._max_seconds
        elif not self.is_exceeded:
            self.is_exceeded = True
            self.alarm = -1.0  # whatever goes on is cut
            if self.cut is not None:
                self.cut()


@coroutine
def measure(meter: CpuMeter, work: Awaitable[T]) -> Generator[Any, None, T]:
    """Await work and note the time of each of its steps."""
    return (yield from measure_steps(meter, work))


def measure_steps(meter: CpuMeter, work: Awaitable[T], weight: int = 1) -> Generator[Any, None, T]:
    """The steps of work, for `__await__`; what they take counts `weight` times.

    It is cancelled when the budget is used up. A generator, because a class would cost each step three calls.
    """
    steps: Any = work if iscoroutine(work) or not hasattr(work, "__await__") else work.__await__()
    send = steps.send
    while weight == 1 and meter.clock is None:  # as nearly always
        meter.resumed_at = began = perf_counter()
        try:
            waits_for = send(None)
        except StopIteration as done:
            meter.spent += perf_counter() - began
            return done.value  # type: ignore[no-any-return]  # what the work returns
        meter.spent += perf_counter() - began
        if meter.spent > meter.alarm:
            meter.check()
            return (yield from _measure_closely(meter, steps, waits_for, weight))  # type: ignore[no-any-return]  # as above
        try:
            yield waits_for
        except BaseException as problem:  # noqa: BLE001 - what it is given, the work is given
            return (yield from _pass_on(steps, problem))  # type: ignore[no-any-return]  # as above
    return (yield from _measure_closely(meter, steps, _NOTHING, weight))  # type: ignore[no-any-return]  # as above


def _measure_closely(meter: CpuMeter, steps: Any, waits_for: Any, weight: int) -> Generator[Any, None, Any]:
    """The rest of work that has taken long, or that counts for others. It may have begun to wait already."""
    while True:
        if waits_for is not _NOTHING:
            try:
                yield waits_for
            except BaseException as problem:  # noqa: BLE001 - as in `measure`
                return (yield from _pass_on(steps, problem))
        if meter.is_exceeded:
            return (yield from _pass_on(steps, CancelledError()))
        clock = meter.clock or perf_counter
        meter.resumed_at = began = perf_counter()
        if clock is not perf_counter:
            began = clock()
        try:
            waits_for = steps.send(None)
        except StopIteration as done:
            meter.spent += _weigh(clock() - began, weight)
            return done.value
        meter.spent += _weigh(clock() - began, weight)
        if meter.spent > meter.alarm:
            meter.check()


def _pass_on(steps: Any, problem: BaseException) -> Generator[Any, None, Any]:
    """Raise an exception where work waits, and let it end. How work ends is not measured."""
    if isinstance(problem, GeneratorExit):
        steps.close()
        raise problem
    try:
        waits_for = steps.throw(problem)
    except StopIteration as done:
        return done.value
    return (yield from _go_on(steps, waits_for))


def _go_on(steps: Any, waits_for: Any) -> Generator[Any, None, Any]:
    while True:
        try:
            yield waits_for
        except BaseException as problem:  # noqa: BLE001 - as in `measure`
            return (yield from _pass_on(steps, problem))
        try:
            waits_for = steps.send(None)
        except StopIteration as done:
            return done.value


class MeasuredTask(Coroutine[Any, Any, T]):
    """The same as a coroutine, which can become a task and be cancelled before it has begun."""

    __slots__ = ("_has_begun", "_steps", "_work")

    def __init__(self, meter: CpuMeter, work: Awaitable[T], weight: int = 1) -> None:
        awaited: Any = work if iscoroutine(work) else work.__await__()
        self._work = awaited
        self._steps: Any = measure_steps(meter, awaited, weight)
        self._has_begun = False

    def send(self, value: None) -> Any:
        """Go on with it up to its next wait."""
        self._has_begun = True
        return self._steps.send(value)

    def throw(self, *problem: Any) -> Any:
        """Raise an exception where it waits."""
        return self._steps.throw(*problem) if self._has_begun else self._work.throw(*problem)

    def close(self) -> None:
        """End it where it waits."""
        self._steps.close()
        self._work.close()

    def __await__(self) -> Any:
        """The steps of what awaits it are its own."""
        return self

    def __iter__(self) -> MeasuredTask[T]:
        return self

    def __next__(self) -> Any:
        """The step that a task takes."""
        return self.send(None)


def _weigh(seconds: float, weight: int) -> float:
    """A long step is not like those of others: it may have done the work for them."""
    return seconds + (weight - 1) * min(seconds, MAX_ALIKE)


async def run_measured(work: Coroutine[Any, Any, T], meter: CpuMeter | None, context: Context) -> T:
    """Run work in a task with this context. Raises CpuExceeded, also where it was exceeded before."""
    if meter is None:
        return await asyncio.create_task(work, context=context)
    task: asyncio.Task[T] = asyncio.create_task(MeasuredTask(meter, work), context=context)
    meter.cut = task.cancel
    try:
        return await task
    except CancelledError:
        current = asyncio.current_task()
        if meter.is_exceeded and current is not None and not current.cancelling():
            raise CpuExceeded from None
        raise
