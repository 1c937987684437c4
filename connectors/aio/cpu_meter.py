"""CPU time of work on an event loop: measured each time that the work goes on, so that nothing is paid per item.

The gateway holds operations to a budget with it. Only coroutines that are handed to `measure` count: one for each task.
Work that has not lasted long cannot have used much: in the beginning nothing but its age is looked at.
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

YOUNG: Final = 0.1
"""The part of its budget, as seconds on the wall, in which work is not measured: measuring takes five times as long as
looking at the clock, and nearly all operations end sooner."""
SAMPLE: Final = 16
"""Of many like works one in so many is measured, and counts for all of them."""
MAX_ALIKE: Final = 0.001
"""Seconds of one step that are taken to be the same in the works that are not measured."""


class CpuExceeded(Exception):
    """The budget is used up; the work was cancelled."""


class CpuMeter:
    """Adds up the CPU seconds of all measured work of one operation, and ends it when it has used its budget."""

    resumed_at = 0.0
    """When the step that runs now began, in seconds of `time.perf_counter()`."""
    spent = 0.0
    """CPU seconds; of the time in which the work was young all that the thread has spent, on others too."""
    is_exceeded = False

    def __init__(self, max_seconds: float, cut: Callable[[], object] | None = None) -> None:
        self._max_seconds = max_seconds
        self.cut = cut
        """Called once when the budget is used up: cancels the task that waits for all of the work."""
        self.young_until = perf_counter() + max_seconds * YOUNG
        """Nothing is measured before that, in seconds of `time.perf_counter()`."""
        self._born_at: float | None = thread_time()
        """On the CPU clock; None when the work is not young any more."""

    def renew(self) -> None:
        """Begin with a full budget again."""
        self.spent = 0.0
        self.is_exceeded = False
        self.young_until = perf_counter() + self._max_seconds * YOUNG
        self._born_at = thread_time()

    def end_youth(self) -> None:
        """Count the time in which nothing was measured: never too little of it."""
        if self._born_at is not None:
            self.spent += min(thread_time() - self._born_at, self._max_seconds * YOUNG)
            self._born_at = None

    def measure_each(self, works: Iterable[Awaitable[T]]) -> Iterator[Awaitable[T]]:
        """Works that are all alike. Of more than SAMPLE, one in SAMPLE is measured."""
        several = list(works)
        if len(several) <= SAMPLE:
            yield from (MeasuredTask(self, work) for work in several)
            return
        for index, work in enumerate(several):
            yield MeasuredTask(self, work, SAMPLE) if index % SAMPLE == SAMPLE - 1 else work

    def add(self, seconds: float, weight: int) -> None:
        """Add a step that counts `weight` times, and end all work over the budget.

        A long step is not like those of others: it may have done the work for them.
        """
        self.spent += seconds + (weight - 1) * min(seconds, MAX_ALIKE)
        if self.spent > self._max_seconds and not self.is_exceeded:
            self.is_exceeded = True
            if self.cut is not None:
                self.cut()


def measure_steps(meter: CpuMeter, work: Coroutine[Any, Any, T], weight: int = 1) -> Generator[Any, None, T]:
    """The steps of work, for `__await__`; what they take counts `weight` times.

    It is cancelled when the budget is used up. A generator, because a class would cost each step three calls.
    """
    send = work.send
    while True:
        meter.resumed_at = now = perf_counter()
        if now > meter.young_until:
            meter.end_youth()
            return (yield from _measure_closely(meter, work, weight))  # type: ignore[no-any-return]  # what the work returns
        try:
            waits_for = send(None)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]  # as above
        try:
            yield waits_for
        except BaseException as problem:  # noqa: BLE001 - what it is given, the work is given
            waits_for = None  # as in `_pass_on`
            return (yield from _pass_on(work, problem))  # type: ignore[no-any-return]  # as above


measure: Callable[[CpuMeter, Coroutine[Any, Any, T]], Awaitable[T]] = coroutine(measure_steps)
"""Await work and note the time of each of its steps."""


def _measure_closely(meter: CpuMeter, steps: Any, weight: int) -> Generator[Any, None, Any]:
    """The rest of work that has lasted long."""
    while not meter.is_exceeded:
        meter.resumed_at = perf_counter()
        began = thread_time()
        try:
            waits_for = steps.send(None)
        except StopIteration as done:
            meter.add(thread_time() - began, weight)
            if meter.is_exceeded:
                yield  # type: ignore[unreachable]  # `add` sets it; the cancellation comes here, and not to what follows
            return done.value
        meter.add(thread_time() - began, weight)
        try:
            yield waits_for
        except BaseException as problem:  # noqa: BLE001 - as in `measure_steps`
            waits_for = None  # as in `_pass_on`
            return (yield from _pass_on(steps, problem))
        waits_for = None
    return (yield from _pass_on(steps, CancelledError()))


def _pass_on(steps: Any, problem: BaseException | None) -> Generator[Any, None, Any]:
    """Raise an exception where work waits, and let it end. How work ends is not measured.

    No frame keeps the exception, nor the future that may have it: its traceback has the frames, and they all that the
    operation has made, which only the garbage collector would find then.
    """
    while True:
        try:
            if isinstance(problem, GeneratorExit):
                steps.close()
                raise problem
            waits_for = steps.send(None) if problem is None else steps.throw(problem)
        except StopIteration as done:
            return done.value
        finally:
            problem = None
        try:
            yield waits_for
        except BaseException as raised:  # noqa: BLE001 - as in `measure_steps`
            problem = raised
        finally:
            waits_for = None


class MeasuredTask(Coroutine[Any, Any, T]):
    """The same as a coroutine, which can become a task and be cancelled before it has begun."""

    __slots__ = ("_has_begun", "_steps", "_work")

    def __init__(self, meter: CpuMeter, work: Awaitable[T], weight: int = 1) -> None:
        awaited: Any = work if iscoroutine(work) else _await_steps(work)
        self._work = awaited
        self._steps: Any = measure_steps(meter, awaited, weight)
        self._has_begun = False

    def send(self, value: None) -> Any:
        """Go on with it up to its next wait."""
        self._has_begun = True
        return self._steps.send(value)

    def throw(self, *problem: Any) -> Any:
        """Raise an exception where it waits."""
        try:
            return self._steps.throw(*problem) if self._has_begun else self._work.throw(*problem)
        finally:
            del problem  # as in `_pass_on`

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


async def _await_steps(work: Awaitable[T]) -> T:
    return await work


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
    finally:
        meter.cut = None  # the task has the context, which has the meter
