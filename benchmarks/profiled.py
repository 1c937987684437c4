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
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.client import Clients
from benchmarks.http_rounds import Variant
from benchmarks.processes import NotStarted
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
        pstats.Stats(str(out)).sort_stats("tottime").print_stats(LINES)


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
