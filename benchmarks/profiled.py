"""Where the gateway's time goes under load: `python -m benchmarks --profile posts-users`.

This module also runs the gateway, as `python -m benchmarks.profiled FILE serve ...`: SIGUSR1 begins the profile, on the
clock of the process, and it is in the file when the gateway ends.
"""

from __future__ import annotations

import asyncio
import cProfile
import os
import pstats
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.client import Clients
from benchmarks.http_rounds import Variant
from benchmarks.processes import ROOT, NotStarted
from benchmarks.servers import SERVERS, Command, Server, started, upstream
from bff.cli import main

WARM, LINES = 2.0, 40


async def show(variant: Variant, seconds: float) -> None:
    """Print the functions that take most of the gateway's own time for a variant."""
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "profile"
        server = _profiled(SERVERS["ours"], out)
        with upstream() as port, started(server, f"http://127.0.0.1:{port}") as running:
            async with Clients(running.port, variant.requests(server), variant.connections) as clients:
                await clients.run(WARM, None)
                os.kill(running.pid, signal.SIGUSR1)
                await asyncio.sleep(0.1)
                load = await clients.run(seconds, None)
        if not out.exists():
            raise NotStarted("the gateway left no profile")
        print(f"{variant.name}: {len(load.latencies)} answers; profiling makes calls dearer than they are")
        stats = pstats.Stats(str(out))
        stats.sort_stats("tottime").print_stats(LINES)
        for room, share in by_room(stats).items():
            print(f"{share:5.0%}  {room}")


def by_room(stats: pstats.Stats) -> dict[str, float]:
    """The share of the time that each package takes, largest first; what is written in C counts where it is called."""
    seconds: Counter[str] = Counter()
    functions: dict[Any, Any] = vars(stats)["stats"]
    for (file, *_), (_, _, own, _, callers) in functions.items():
        if file != "~" or not callers:
            seconds[_room(file)] += own
            continue
        for (caller, *_), (_, _, part, _) in callers.items():
            seconds[_room(caller)] += part
    total = seconds.total()
    return {room: each / total for room, each in seconds.most_common() if each > total / 200}


def _room(file: str) -> str:
    """Such as `bff/http` of ours, `uvicorn` of others."""
    path = Path(file)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return "/".join(path.relative_to(ROOT).parts[:2])
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    return "the event loop and the standard library"


def _profiled(server: Server, out: Path) -> Server:
    def start(port: int, url: str) -> Command:
        command = server.start(port, url)
        options = command.arguments[command.arguments.index("serve") :]
        return replace(command, arguments=[sys.executable, "-m", "benchmarks.profiled", str(out), *options])

    return replace(server, start=start)


def _serve(out: str, options: list[str]) -> None:
    profile = cProfile.Profile(time.process_time)
    signal.signal(signal.SIGUSR1, lambda *_: profile.enable())
    sys.argv = ["bff", *options]
    try:
        main()
    finally:
        profile.disable()
        profile.dump_stats(out)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2:])
