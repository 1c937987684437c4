"""How tests wait: for a condition, with a bound that a busy machine does not reach. No test sleeps for a fixed time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

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


def _text(condition: Callable[[], object]) -> str:
    code = getattr(condition, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(condition)
