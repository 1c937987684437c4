"""Flights: one works, others wait; each of them for as long as it likes."""

from __future__ import annotations

import asyncio

import pytest

from connectors.aio.single_flight import Flight


async def _waiting(flight: Flight[str], *seconds: float | None) -> list[asyncio.Task[str | None]]:
    tasks = [asyncio.create_task(flight.landed(each)) for each in seconds]
    await asyncio.sleep(0)
    return tasks


async def test_what_lands_is_everybodys() -> None:
    """With a time limit and without; whether anybody waits is known before."""
    flight = Flight[str]()
    assert not flight.is_awaited
    tasks = await _waiting(flight, None, 5, None)
    assert flight.is_awaited
    flight.land("reply")
    assert not flight.is_awaited
    assert await asyncio.gather(*tasks) == ["reply"] * 3


async def test_nothing_may_land() -> None:
    """Those who wait are told at once, so that they start anew."""
    flight = Flight[str]()
    tasks = await _waiting(flight, None, 60)
    flight.land(None)
    async with asyncio.timeout(1):
        assert await asyncio.gather(*tasks) == [None, None]


async def test_each_waits_as_long_as_it_has_time() -> None:
    """Who gives up has None; the others get what lands later."""
    flight = Flight[str]()
    hasty, patient = await _waiting(flight, 0.02, 5)
    assert await hasty is None
    assert not patient.done()
    flight.land("reply")
    assert await patient == "reply"


async def test_who_is_cancelled_takes_nobody_along() -> None:
    """Nor does landing stumble over it."""
    flight = Flight[str]()
    gone, patient = await _waiting(flight, 5, None)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    flight.land("reply")
    assert await patient == "reply"


async def test_who_lands_in_time_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand calls a second with a deadline of ten seconds would else keep ten thousand of them."""
    loop, timers = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    call_later = loop.call_later

    def noted(*given: object) -> asyncio.TimerHandle:
        timers.append(call_later(*given))  # type: ignore[arg-type]
        return timers[-1]

    monkeypatch.setattr(loop, "call_later", noted)
    flight = Flight[str]()
    in_time, gone = await _waiting(flight, 60, 60)
    gone.cancel()
    flight.land("reply")
    await asyncio.wait([in_time, gone])
    assert [timer.cancelled() for timer in timers] == [True, True]
