"""The gateway alone under load: memory over minutes with one worker, and what a second worker adds."""

from __future__ import annotations

import time

from benchmarks.client import Clients
from benchmarks.http_rounds import VARIANTS, Say
from benchmarks.processes import ALL_CORES, Running, spent
from benchmarks.servers import SERVERS, Server, ours, started, upstream
from benchmarks.world import QUESTIONS

VARIANT = VARIANTS[0]
SLICE = 1.0
WARM = 5.0
"""Seconds of load before memory is called settled: caches fill, connections open."""


async def memory(seconds: float, say: Say) -> dict[str, list[float]]:
    """Resident MB after each second of load at c=50, and the peak."""
    server, sizes = SERVERS["ours"], []
    with upstream() as port, started(server, f"http://127.0.0.1:{port}") as running:
        async with _clients(server, running) as clients:
            expected = QUESTIONS[VARIANT.question].answer
            await clients.run(WARM, expected)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await clients.run(SLICE, expected)
                sizes.append(running.resident())
                if len(sizes) % 60 == 0:
                    say(f"  {len(sizes)} s: {sizes[-1]:.1f} MB")
        return {"resident": sizes, "peak": [running.peak()]}


async def workers(rounds: int, seconds: float, most: int = 2) -> dict[str, list[float]]:
    """What one worker and what more answer per second with a core each, by round, from the CPU they take.

    Wall time would measure the upstream and the load, which share these cores. `busiest` is the share of the work that
    the busiest of several workers had: the kernel deals connections out, and not evenly.
    """
    servers = {1: SERVERS["ours"], most: ours(["--workers", str(most)])}
    found: dict[str, list[float]] = {**{str(count): [] for count in servers}, "busiest": []}
    with upstream() as port:
        url = f"http://127.0.0.1:{port}"
        with started(servers[1], url, ALL_CORES) as one, started(servers[most], url, ALL_CORES) as more:
            for turn in range(rounds + 1):
                for count, running in ((1, one), (most, more)):
                    async with _clients(servers[count], running) as clients:
                        await clients.run(0.3, None)
                        before = running.cpu()
                        load = await clients.run(seconds, QUESTIONS[VARIANT.question].answer)
                        taken = spent(before, running.cpu())
                    total = sum(taken.values())
                    if turn:
                        found[str(count)].append(len(load.latencies) / total * count)
                    if turn and count > 1:
                        found["busiest"].append(max(taken.values()) / total)
    return found


def growth(sizes: list[float]) -> float:
    """MB by which the last fifth of the sizes is above the second fifth, by their medians."""
    part = max(1, len(sizes) // 5)
    early, late = sorted(sizes[part : 2 * part] or sizes[:1]), sorted(sizes[-part:])
    return late[len(late) // 2] - early[len(early) // 2]


def _clients(server: Server, running: Running) -> Clients:
    return Clients(running.port, VARIANT.requests(server), VARIANT.connections)
