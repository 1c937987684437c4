"""CPU time of work on the loop: measured by step, and ended over the budget."""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context

import pytest

from connectors.aio.cpu_meter import SAMPLE, YOUNG, CpuExceeded, CpuMeter, MeasuredTask, run_measured


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def old(max_seconds: float) -> CpuMeter:
    """A meter of work that has lasted long."""
    meter = CpuMeter(max_seconds)
    meter.young_until = 0.0
    return meter


def wait_for_the_machine() -> None:
    time.sleep(0.15)


async def work(steps: int, seconds: float = 0.01) -> int:
    for _ in range(steps):
        burn(seconds)
        await asyncio.sleep(0)
    return steps


async def test_work_within_its_budget_gives_its_result() -> None:
    """What it takes is added up; what others do meanwhile is not."""
    meter = old(10.0)
    other = asyncio.create_task(work(20))
    assert await MeasuredTask(meter, work(5)) == 5
    assert meter.spent > 0.04
    assert not meter.is_exceeded
    await other


async def test_young_work_is_not_measured() -> None:
    """It cannot have used much of its budget, and is measured as soon as it could."""
    meter = CpuMeter(1000.0)
    assert 0 < meter.young_until - time.perf_counter() <= 1000.0 * YOUNG
    assert await MeasuredTask(meter, work(5)) == 5
    assert meter.spent == 0
    meter.young_until = time.perf_counter() + 0.05
    assert await MeasuredTask(meter, work(30)) == 30
    assert 0.35 <= meter.spent < 0.6
    meter.renew()
    assert meter.young_until > time.perf_counter()
    assert meter.spent == 0


@pytest.mark.parametrize("is_old", [False, True])
async def test_exceptions_pass(is_old: bool) -> None:
    """Those of the work, and cancellation."""
    meter = old(10.0) if is_old else CpuMeter(10.0)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await MeasuredTask(meter, fail())
    task = asyncio.create_task(MeasuredTask(meter, asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_over_its_budget_is_cut() -> None:
    """Soon after it, with everything that was measured with it."""
    meter = CpuMeter(0.1)
    beside = asyncio.create_task(MeasuredTask(meter, work(1000, 0.001)))
    with pytest.raises(CpuExceeded):
        await run_measured(work(1000), meter, copy_context())
    assert 0.1 <= meter.spent < 0.5
    with pytest.raises(asyncio.CancelledError):
        await beside
    with pytest.raises(CpuExceeded):
        await run_measured(work(1), meter, copy_context())
    meter.renew()
    assert await run_measured(work(1), meter, copy_context()) == 1


async def test_a_cancellation_from_outside_is_one() -> None:
    """Not taken for the meter's."""
    meter = CpuMeter(10.0)
    task = asyncio.create_task(run_measured(asyncio.sleep(60), meter, copy_context()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_step_that_waited_for_the_machine_is_not_too_costly() -> None:
    """By the clock on the wall it took longer than the whole budget."""
    meter = CpuMeter(0.2)

    async def preempted() -> int:
        for _ in range(3):
            wait_for_the_machine()
            await asyncio.sleep(0)
        return 1

    assert await run_measured(preempted(), meter, copy_context()) == 1


async def test_many_works_are_sampled() -> None:
    """A few are measured one by one. Of many, one in SAMPLE counts for the others."""
    few, many = old(100.0), old(100.0)
    await asyncio.gather(*few.measure_each(work(2, 0.0005) for _ in range(SAMPLE)))
    assert few.spent >= SAMPLE * 2 * 0.0005
    await asyncio.gather(*many.measure_each(work(2, 0.0005) for _ in range(4 * SAMPLE)))
    assert many.spent >= 4 * SAMPLE * 2 * 0.0005


async def test_without_a_meter_nothing_is_measured() -> None:
    """The work runs in a task all the same."""
    assert await run_measured(work(1), None, copy_context()) == 1


async def test_waiting_for_the_machine_is_not_counted() -> None:
    """In none of the works of one meter."""
    meter = old(0.5)

    async def preempted() -> None:
        await asyncio.sleep(0)
        for _ in range(3):
            wait_for_the_machine()
            await asyncio.sleep(0)

    async def later() -> None:
        await meter_began.wait()
        await MeasuredTask(meter, preempted())

    meter_began = asyncio.Event()
    works = [asyncio.create_task(MeasuredTask(meter, preempted())) for _ in range(2)]
    other = asyncio.create_task(later())
    await asyncio.sleep(0.3)
    meter_began.set()
    await asyncio.gather(*works, other)
    assert meter.spent < 0.3
    assert not meter.is_exceeded
