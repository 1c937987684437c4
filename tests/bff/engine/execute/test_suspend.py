"""Coroutines that run up to their first wait without an event loop."""

from __future__ import annotations

import asyncio

import pytest

from bff.engine.execute.suspend import EagerStart, Line


async def work(line: Line, *, waits: bool) -> str:
    """Wait for the loop, or not."""
    if waits:
        await line.enter_loop()
        await asyncio.sleep(0)
    return "done"


def test_what_waits_for_nothing_is_done_at_once() -> None:
    """Without an event loop, and without a task."""
    started = EagerStart(work(Line(), waits=False))
    assert (started.is_done, started.value) == (True, "done")


async def test_the_rest_runs_when_it_is_awaited() -> None:
    """It stopped where it entered the loop."""
    started = EagerStart(work(Line(), waits=True))
    assert not started.is_done
    assert await started == "done"


async def test_a_line_suspends_once() -> None:
    """Afterwards it is known to be on a loop."""
    line = Line()
    started = EagerStart(line.enter_loop())
    assert not started.is_done
    await started
    assert EagerStart(line.enter_loop()).is_done


def test_what_is_raised_before_the_first_wait_is_raised_at_once() -> None:
    """Where the work is started."""

    async def fail() -> None:
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        EagerStart(fail())


def test_what_is_not_awaited_can_be_closed() -> None:
    """Its `finally` runs then, and Python warns of nothing."""
    ended: list[bool] = []

    async def wait() -> None:
        try:
            await Line().enter_loop()
        finally:
            ended.append(True)

    EagerStart(wait()).close()
    assert ended == [True]
