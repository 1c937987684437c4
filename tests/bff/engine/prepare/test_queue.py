"""The queue of unknown documents: one at a time, fair by client, bounded, and nothing for those who have left."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from bff.contract import Refused
from bff.engine.prepare.queue import PrepareQueue
from tests.waiting import GENEROUS


class Held:
    """Work that waits in the thread until it is let go, and what ran after it in which order."""

    def __init__(self, queue: PrepareQueue) -> None:
        self.queue = queue
        self.go = threading.Event()
        self.order: list[str] = []
        self.first = asyncio.create_task(queue.run("held", lambda: self.go.wait(GENEROUS), "holder"))

    def add(self, key: str, client: str, seconds: float = 0.0) -> asyncio.Task[str]:
        """Work that notes its key, and takes CPU time."""

        def work() -> str:
            end = time.thread_time() + seconds
            while time.thread_time() < end:
                pass
            self.order.append(key)
            return key

        return asyncio.create_task(self.queue.run(key, work, client))


@pytest.fixture
async def held():
    made = Held(PrepareQueue(6))
    await asyncio.sleep(0)
    yield made
    made.go.set()
    await asyncio.gather(made.first, return_exceptions=True)


async def test_clients_take_turns(held: Held) -> None:
    """However many one of them has brought before."""
    works = [held.add(f"a{number}", "a") for number in range(4)] + [held.add("b0", "b"), held.add("b1", "b")]
    await asyncio.sleep(0)
    held.go.set()
    assert await asyncio.gather(*works) == ["a0", "a1", "a2", "a3", "b0", "b1"]
    assert held.order.index("b0") <= 2
    assert held.order.index("b1") <= 4


async def test_the_client_that_has_taken_least_cpu_time_is_next(held: Held) -> None:
    """Costly documents do not get as many turns as cheap ones."""
    works = [held.add(f"costly{n}", "a", 0.05) for n in range(2)] + [held.add(f"cheap{n}", "b") for n in range(4)]
    await asyncio.sleep(0)
    held.go.set()
    await asyncio.gather(*works)
    assert held.order[-1] == "costly1"


async def test_beyond_the_bound_the_client_with_most_is_refused(held: Held) -> None:
    """Its newest, so that another client always finds a place."""
    works = [held.add(f"a{number}", "a") for number in range(6)]
    await asyncio.sleep(0)
    assert len(held.queue) == 6
    own = held.add("a6", "a")
    other = held.add("b0", "b")
    await asyncio.sleep(0)
    held.go.set()
    results = await asyncio.gather(*works, own, other, return_exceptions=True)
    refused = [each for each in results if isinstance(each, Refused)]
    assert [each.code for each in refused] == ["TOO_MANY_DOCUMENTS"] * 2
    assert (refused[0].status, refused[0].headers) == (503, {"retry-after": "1"})
    assert isinstance(results[5], Refused)  # the newest of those that waited
    assert isinstance(results[6], Refused)
    assert results[7] == "b0"
    assert len(held.queue) == 0


async def test_the_same_work_runs_once_and_in_the_best_line(held: Held) -> None:
    """A client that needs what another one waits for does not stand behind all of the other's."""
    works = [held.add(f"a{number}", "a") for number in range(4)]
    await asyncio.sleep(0)
    again = held.add("a3", "b")
    await asyncio.sleep(0)
    held.go.set()
    assert await again == "a3"
    await asyncio.gather(*works)
    assert held.order.count("a3") == 1
    assert held.order.index("a3") <= 1


async def test_what_nothing_waits_for_is_dropped(held: Held) -> None:
    """Only when the last request has gone."""
    first, second, other = held.add("x", "a"), held.add("x", "b"), held.add("y", "a")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert len(held.queue) == 2
    second.cancel()
    await asyncio.sleep(0)
    assert len(held.queue) == 1
    held.go.set()
    await other
    assert held.order == ["y"]


async def test_what_work_raises_is_raised() -> None:
    """And the next one runs."""
    queue = PrepareQueue(1)

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await queue.run("a", fail, "")
    assert await queue.run("b", lambda: 1, "") == 1
