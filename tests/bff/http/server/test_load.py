"""What the connections of a process may hold together."""

from __future__ import annotations

import asyncio
from typing import Any

from bff.http.options import Options
from bff.http.server.load import RESERVE, Load, Unsent


class FakeConnection:
    """A connection with bytes that its client has not read."""

    def __init__(self, unsent: int) -> None:
        self.transport: Any = self
        self.unsent = unsent
        self.was_aborted = self.was_refused = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def get_extra_info(self, _: str) -> None:
        return None

    def abort(self) -> None:
        self.was_aborted = True

    def refuse_overloaded(self) -> None:
        self.was_refused = True


def test_the_slowest_is_aborted_when_all_hold_too_much() -> None:
    """Never the only one; what has made progress comes after what has not."""
    unsent = Unsent(10.0, 100)
    first, second, third = (FakeConnection(each) for each in (150, 60, 30))
    unsent.add(first)
    assert not first.was_aborted
    unsent.add(second)
    assert first.was_aborted
    unsent._look([second], 0.0)
    unsent.add(third)
    assert not second.was_aborted
    second.unsent = 80
    unsent._look([second, third], 1.0)
    unsent.remove(third)
    unsent.add(third)
    assert [second.was_aborted, third.was_aborted] == [True, False]


def test_a_connection_without_progress_is_aborted() -> None:
    """After the timeout, counted from its last progress."""
    unsent = Unsent(10.0, 100)
    stuck, slow, idle = FakeConnection(50), FakeConnection(50), FakeConnection(0)
    for second in range(11):
        slow.unsent -= 1
        unsent._look([stuck, slow, idle], float(second))
    assert [each.was_aborted for each in (stuck, slow, idle)] == [True, False, False]


def test_the_oldest_of_the_reserve_is_refused() -> None:
    """So that a probe always finds a place."""
    load = Load(Options())
    waiting = [FakeConnection(0) for _ in range(RESERVE + 1)]
    load.take_reserve(waiting[0])
    load.leave_reserve(waiting[0])
    for each in waiting:
        load.take_reserve(each)
    assert [each.was_refused for each in waiting] == [True, *[False] * RESERVE]


async def test_a_stream_is_no_request_under_way() -> None:
    """While its task runs."""
    load = Load(Options(max_requests=5))
    task = asyncio.create_task(asyncio.sleep(0))
    load.exempt(task)
    assert load.max_tasks == 6
    await task
    await asyncio.sleep(0)
    assert load.max_tasks == 5
