"""Work in threads."""

from __future__ import annotations

import asyncio
import threading

import pytest

from connectors.aio.threads import MAX_THREADS, run_in_thread


async def test_so_many_run_at_once() -> None:
    """The others wait; values and exceptions come back."""
    running, most, lock, go_on = 0, 0, threading.Lock(), threading.Event()

    def work(number: int, *, fails: bool = False) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        go_on.wait(5)
        with lock:
            running -= 1
        if fails:
            raise ValueError(number)
        return number

    tasks = [asyncio.create_task(run_in_thread(work, number)) for number in range(3 * MAX_THREADS)]
    failing = asyncio.create_task(run_in_thread(work, 7, fails=True))
    while running < MAX_THREADS:
        await asyncio.sleep(0.001)
    go_on.set()
    assert await asyncio.gather(*tasks) == [*range(3 * MAX_THREADS)]
    with pytest.raises(ValueError, match="7"):
        await failing
    assert most == MAX_THREADS
