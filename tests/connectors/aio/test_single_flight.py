"""Single flight: one task works, others wait for it, each for as long as it likes."""

from __future__ import annotations

import asyncio

import pytest

from connectors.aio.single_flight import SharedResult, SingleFlight
from tests.waiting import time_limit


async def _start_waiting(shared: SharedResult[str], *seconds: float | None) -> list[asyncio.Task[str | None]]:
    tasks = [asyncio.create_task(shared.wait(each)) for each in seconds]
    await asyncio.sleep(0)
    return tasks


async def test_the_result_is_for_all_followers() -> None:
    """With a timeout and without. Whether any task waits is known before."""
    shared = SharedResult[str]()
    assert not shared.has_followers
    tasks = await _start_waiting(shared, None, 5, None)
    assert shared.has_followers
    shared.finish("reply")
    assert not shared.has_followers
    assert await asyncio.gather(*tasks) == ["reply"] * 3


async def test_work_that_is_cut_short_has_no_result() -> None:
    """The followers are told at once, so that they start anew."""
    shared = SharedResult[str]()
    tasks = await _start_waiting(shared, None, 60)
    shared.finish(None)
    async with time_limit():
        assert await asyncio.gather(*tasks) == [None, None]


async def test_each_follower_waits_as_long_as_it_has_time() -> None:
    """One that gives up has None; the others get the result that comes later."""
    shared = SharedResult[str]()
    hasty, patient = await _start_waiting(shared, 0.02, 5)
    assert await hasty is None
    assert not patient.done()
    shared.finish("reply")
    assert await patient == "reply"


async def test_a_cancelled_follower_does_not_touch_the_others() -> None:
    """Nor does finishing stumble over it."""
    shared = SharedResult[str]()
    gone, patient = await _start_waiting(shared, 5, None)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    shared.finish("reply")
    assert await patient == "reply"


async def test_a_finished_result_is_there_at_once() -> None:
    """And it is the first one: finishing twice changes nothing."""
    shared = SharedResult[str]()
    shared.finish("first")
    shared.finish("second")
    assert shared.is_finished
    assert (shared.value, await shared.wait(0)) == ("first", "first")


async def test_a_follower_in_time_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand calls a second with a deadline of ten seconds would else keep ten thousand of them."""
    loop, timers = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    call_later = loop.call_later

    def noted(*given: object) -> asyncio.TimerHandle:
        timers.append(call_later(*given))  # type: ignore[arg-type]
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", noted)
    shared = SharedResult[str]()
    in_time, gone = await _start_waiting(shared, 60, 60)
    gone.cancel()
    shared.finish("reply")
    await asyncio.wait([in_time, gone])
    assert [timer.cancelled() for timer in timers] == [True, True]


async def test_work_is_found_by_its_key_while_it_is_under_way() -> None:
    """And only then."""
    flights = SingleFlight[str]()
    assert flights.find("a") is None
    shared = flights.lead("a")
    assert flights.find("a") is shared
    assert flights.find("b") is None
    flights.finish("a", "reply")
    assert (shared.value, flights.find("a"), len(flights)) == ("reply", None, 0)


async def test_a_follower_leads_when_the_leader_was_cut_short() -> None:
    """One of them: the other follows again."""
    flights, led = SingleFlight[str](), list[int]()

    async def get(number: int) -> str:
        if (shared := await flights.follow("a", lambda: None)) is not None:
            return shared
        led.append(number)
        flights.lead("a")
        await asyncio.sleep(0.01)
        flights.finish("a", f"by {number}")
        return f"by {number}"

    flights.lead("a")
    tasks = [asyncio.create_task(get(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    flights.finish("a")
    assert await asyncio.gather(*tasks) == ["by 1", "by 1"]
    assert led == [1]


async def test_a_follower_without_time_is_asked_for_it_again() -> None:
    """So that the caller can raise what it means to be late."""
    flights = SingleFlight[str]()
    flights.lead("a")
    left = iter([0.01])

    def seconds_left() -> float:
        for seconds in left:
            return seconds
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await flights.follow("a", seconds_left)
