"""One run: everything chosen, one after the other. What fails is noted, and the rest goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from benchmarks import endurance, http_rounds, inside, shop
from benchmarks.client import WrongAnswer
from benchmarks.processes import NotStarted
from benchmarks.versions import versions

VARIANTS = {variant.name: variant for variant in http_rounds.VARIANTS}
ALONE = ("shop", "workers", "memory")
_BEGAN = time.monotonic()


async def measure(
    names: Sequence[str], servers: Sequence[str], *, rounds: int, seconds: float, minutes: float
) -> dict[str, Any]:
    """What `--json` writes. SIGTERM ends the run and every server that it started."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results: dict[str, Any] = {"versions": versions(), "inside": {}, "failed": {}}
    if variants := [VARIANTS[name] for name in names if name in VARIANTS]:
        say("over HTTP")
        found = await http_rounds.measure(variants, servers, rounds, seconds, say)
        results["http"] = {"variants": found.variants, "absent": found.absent, "peak": found.peak}
    _inside(names, rounds, results)
    await _alone(names, rounds, seconds, minutes, results)
    return results


def _inside(names: Sequence[str], rounds: int, results: dict[str, Any]) -> None:
    for name in names:
        if name in inside.MEASURES:
            say(name)
            try:
                results["inside"][name] = inside.measured(name, rounds)
            except NotStarted as error:
                results["failed"][name] = str(error)


async def _alone(names: Sequence[str], rounds: int, seconds: float, minutes: float, results: dict[str, Any]) -> None:
    work: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "shop": lambda: shop.measure(rounds, seconds),
        "workers": lambda: endurance.workers(rounds, seconds * 2),
        "memory": lambda: endurance.memory(minutes * 60, say),
    }
    for name in ALONE:
        if name in names:
            say(name)
            try:
                results[name] = await work[name]()
            except (NotStarted, WrongAnswer, OSError) as error:
                results["failed"][name] = str(error)


def say(what: str) -> None:
    """Progress, for whoever waits."""
    print(f"[{time.monotonic() - _BEGAN:5.0f} s] {what}", file=sys.stderr, flush=True)
