"""How tests wait: for a condition, with a bound that a busy machine does not reach. No test sleeps for a fixed time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

GENEROUS = 60.0
"""Seconds after which something that should happen at once has failed to, whatever else the machine does."""
PAUSE = 0.005


async def until(condition: Callable[[], object], within: float = GENEROUS) -> None:
    """Let other tasks run until the condition is true; fail when it is not in time."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"still not after {within:.0f} s: {_text(condition)}"
        await asyncio.sleep(PAUSE)


def until_true(condition: Callable[[], object], within: float = GENEROUS) -> None:
    """The same for tests without an event loop."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"still not after {within:.0f} s: {_text(condition)}"
        time.sleep(PAUSE)


def time_limit(within: float = GENEROUS) -> asyncio.Timeout:
    """`async with time_limit():` fails instead of waiting for ever."""
    return asyncio.timeout(within)


async def settle(rounds: int = 20) -> None:
    """Let every task that can run do so, several times over: for what must NOT happen, without waiting for it."""
    for _ in range(rounds):
        await asyncio.sleep(0)


class Turns:
    """`async with Turns() as turns:` and then `turns.count`: how often another task ran meanwhile."""

    def __init__(self) -> None:
        self.count = 0

    async def __aenter__(self) -> Turns:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.count += 1


async def steady(count: Callable[[], int], pauses: int = 5) -> None:
    """Return when a count has not grown for a while and nothing else runs: as when sockets are full."""
    same, before = 0, -1
    while same < pauses:
        await idle()
        before, same = count(), same + 1 if count() == before else 0


async def idle(rounds: int = 4) -> None:
    """Return when nothing of this process has run for a while but the caller: what could happen has happened."""
    quiet = 0
    while quiet < rounds:
        await asyncio.sleep(PAUSE)
        quiet = 0 if _works_elsewhere() or _ready() else quiet + 1


def _ready() -> bool:
    """Whether the loop has more to do at once, where it tells."""
    return bool(getattr(asyncio.get_running_loop(), "_ready", ()))


def _works_elsewhere() -> bool:
    """Whether another thread of this process is running or wants to, as far as the system tells."""
    own = threading.get_native_id()
    for task in Path("/proc/self/task").glob("*/stat"):
        with suppress(OSError):  # it has ended
            if int(task.parent.name) != own and task.read_text().rpartition(")")[2].split()[0] in "RD":
                return True
    return False


def _text(condition: Callable[[], object]) -> str:
    code = getattr(condition, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
