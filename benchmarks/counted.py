"""How many of Python's instructions a request takes: `python -m benchmarks --count posts-users`.

Unlike time, they are the same in each run and on each machine; what C does is not among them. This module also runs a
server, as `python -m benchmarks.counted FILE MODULE ...`: SIGUSR1 begins to count, and again ends it.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from benchmarks.client import Clients
from benchmarks.http_rounds import Variant
from benchmarks.servers import SERVERS, Command, Server, started, upstream

WARM, COUNTED = 1.0, 3.0
"""Seconds; counting makes everything some fifty times slower."""
LEAST = 50
"""Requests that are counted, and before that answered, also where other work leaves a server little time."""
PATIENCE = 60.0
COUNTED_SERVERS = ("ours", "hand", "echo")


async def show(variant: Variant) -> None:
    """Print what one request of a variant takes from this gateway and from the floors."""
    with upstream() as port:
        for name in COUNTED_SERVERS:
            print(f"{variant.name}: {SERVERS[name].label}: {await counted(SERVERS[name], variant, port):.0f}")


async def counted(server: Server, variant: Variant, port: int) -> float:
    """Instructions for each request."""
    with ExitStack() as stack:
        out = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "count"
        with started(_counting(server, out), f"http://127.0.0.1:{port}") as running:
            async with Clients(running.port, variant.requests(server), 1) as clients:
                await clients.run(WARM, None, least=LEAST)
                os.kill(running.pid, signal.SIGUSR1)
                load = await clients.run(COUNTED, None, least=LEAST)
                os.kill(running.pid, signal.SIGUSR1)
                async with asyncio.timeout(PATIENCE):
                    while not out.exists() or not (told := out.read_text()):  # noqa: ASYNC110 - another process's file
                        await asyncio.sleep(0.05)
        return int(told) / len(load.latencies)


def _counting(server: Server, out: Path) -> Server:
    def start(port: int, url: str) -> Command:
        command = server.start(port, url)
        python, _, *module = command.arguments
        return replace(command, arguments=[python, "-m", "benchmarks.counted", str(out), *module])

    return replace(server, start=start)


class _Counter:
    """A trace function that counts, and writes what it counted into a file."""

    def __init__(self, out: str) -> None:
        self._out = out
        self._count = 0

    def __call__(self, *_: Any) -> None:
        """Begin, or end and tell: a signal handler."""
        if sys.gettrace() is None:
            sys.settrace(self._trace)
        else:
            sys.settrace(None)
            Path(self._out).write_text(str(self._count))

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "opcode":
            self._count += 1
        elif event == "call":
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return self._trace


if __name__ == "__main__":
    file, module = sys.argv[1:3]
    signal.signal(signal.SIGUSR1, _Counter(file))
    del sys.argv[:2]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
