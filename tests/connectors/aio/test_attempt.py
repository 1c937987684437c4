"""Attempts: one at a time, for all who wait."""

from __future__ import annotations

import asyncio

import pytest

from connectors.aio.attempt import Attempt, Closed


class Door:
    """Opens when a test says so, and counts how often it was tried."""

    def __init__(self) -> None:
        self.tries = 0
        self.result: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self) -> str:
        """What the test sets; afterwards the next one can be set."""
        self.tries += 1
        try:
            return await self.result
        finally:
            self.result = asyncio.get_running_loop().create_future()


async def _start_waiting(attempt: Attempt[str], *seconds: float | None) -> list[asyncio.Task[str]]:
    tasks = [asyncio.create_task(attempt.wait(each)) for each in seconds]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_all_who_wait_share_one_attempt_and_its_result_is_kept() -> None:
    """The next caller does not wait at all."""
    door = Door()
    attempt = Attempt(door.open)
    tasks = await _start_waiting(attempt, None, 5)
    assert attempt.is_under_way
    door.result.set_result("open")
    assert await asyncio.gather(*tasks) == ["open", "open"]
    assert await attempt.wait() == "open"
    assert (door.tries, attempt.value, attempt.is_under_way) == (1, "open", False)


async def test_a_failure_is_for_all_who_wait_and_the_next_caller_tries_anew() -> None:
    """A failed attempt is not kept."""
    door = Door()
    attempt = Attempt(door.open)
    tasks = await _start_waiting(attempt, None, None)
    door.result.set_exception(ValueError("no key"))
    assert [str(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == ["no key", "no key"]
    (task,) = await _start_waiting(attempt, None)
    door.result.set_result("open")
    assert await task == "open"
    assert door.tries == 2


async def test_each_waiter_has_its_own_timeout() -> None:
    """A caller that gives up does not end the attempt for the others."""
    door = Door()
    attempt = Attempt(door.open)
    hasty, patient = await _start_waiting(attempt, 0.01, None)
    with pytest.raises(TimeoutError):
        await hasty
    door.result.set_result("open")
    assert await patient == "open"


async def test_the_attempt_goes_on_when_all_waiters_have_left(caplog: pytest.LogCaptureFixture) -> None:
    """Its failure is then no unretrieved exception."""
    door = Door()
    attempt = Attempt(door.open)
    (task,) = await _start_waiting(attempt, None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempt.is_under_way
    door.result.set_exception(ValueError)
    while attempt.is_under_way:
        await asyncio.sleep(0)
    assert caplog.records == []


async def test_what_was_lost_is_opened_again() -> None:
    """After `forget`."""
    door = Door()
    attempt = Attempt(door.open)
    for text in ("first", "second"):
        (task,) = await _start_waiting(attempt, None)
        door.result.set_result(text)
        assert await task == text
        attempt.forget()
    assert (door.tries, attempt.value) == (2, None)


async def test_closing_ends_the_attempt_and_allows_no_other() -> None:
    """Those who wait are told so, and are not taken for cancelled."""
    door = Door()
    attempt = Attempt(door.open)
    (task,) = await _start_waiting(attempt, None)
    await attempt.close()
    with pytest.raises(Closed):
        await task
    with pytest.raises(Closed):
        await attempt.wait()
    await attempt.close()
    assert door.tries == 1


async def test_a_closed_attempt_gives_nothing_that_it_opened() -> None:
    """Its owner closes that."""
    door = Door()
    attempt = Attempt(door.open)
    (task,) = await _start_waiting(attempt, None)
    door.result.set_result("open")
    await task
    await attempt.close()
    with pytest.raises(Closed):
        await attempt.wait()
