"""What an attack may cost: memory, descriptors and the waiting of others, held around an attack on a live process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.abuse.live import BOUND, LONGEST, Live

MEMORY_RATIO = 1.5
"""How many times its memory at rest the gateway may hold during an attack."""
MEMORY_FLOOR = 40.0
"""Megabytes that it may hold besides, whatever the ratio: a process at rest is small."""
SLACK = 2
"""Descriptors of each process that may come and go by themselves, such as one of a timer or of a kept connection."""
RECOVERY_SECONDS = 30.0
"""How long it may take until memory and descriptors are back."""
SAMPLE_SECONDS = 0.02


@dataclass
class Figures:
    """What was measured. Memory in MB."""

    memory_before: float = 0.0
    memory_peak: float = 0.0
    memory_after: float = 0.0
    descriptors_before: int = 0
    descriptors_peak: int = 0
    descriptors_after: int = 0
    cpu_seconds: float = 0.0
    """CPU time of the gateway from the start of the attack to its end."""
    longest_wait: float = 0.0
    """Of the innocent client, in seconds of the wall clock."""
    most_work: float = 0.0
    """CPU seconds that the gateway spent on others during one wait of the innocent client."""


def descriptors(*pids: int) -> int:
    """Open file descriptors of processes."""
    return sum(1 for pid in pids for _ in Path(f"/proc/{pid}/fd").iterdir())


def cpu_seconds(*pids: int) -> float:
    """CPU time of processes, all threads (clock_getcpuclockid)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


class _Sampler:
    """Watches a process from a thread of the test."""

    def __init__(self, live: Live, figures: Figures) -> None:
        self._live, self._figures = live, figures
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _watch(self) -> None:
        gateway = self._live.gateway
        while not self._stop.is_set() and Path(f"/proc/{gateway.process.pid}").exists():
            self._figures.memory_peak = max(self._figures.memory_peak, self._live.resident())
            self._figures.descriptors_peak = max(self._figures.descriptors_peak, descriptors(*gateway.pids))
            self._stop.wait(SAMPLE_SECONDS)


@contextmanager
def promised(
    live: Live,
    attack: str,
    *,
    memory_ratio: float = MEMORY_RATIO,
    memory_floor: float = MEMORY_FLOOR,
    most_work: float = BOUND,
    recovers: bool = True,
) -> Iterator[Figures]:
    """Run an attack in this block; afterwards the gateway lives, others hardly waited, and what it took is back.

    Memory stays below `memory_ratio` times that at rest plus `memory_floor` MB, and returns to it within
    RECOVERY_SECONDS; descriptors return to what they were; no wait of the innocent client holds over `most_work` CPU
    seconds spent on others, nor LONGEST seconds by the wall clock. Prints the figures.
    """
    pids = live.gateway.pids
    figures = Figures(memory_before=live.resident(), descriptors_before=descriptors(*pids))
    allowed = figures.memory_before * memory_ratio + memory_floor
    began, worked = time.monotonic(), cpu_seconds(*pids)
    sampler = _Sampler(live, figures)
    try:
        yield figures
    finally:
        sampler.stop()
    assert live.gateway.process.poll() is None, f"the gateway ended during {attack}: {live.gateway.output[-2000:]}"
    figures.cpu_seconds = cpu_seconds(*pids) - worked
    figures.longest_wait, figures.most_work = live.innocent.worst(began, time.monotonic())
    if recovers:
        _await_recovery(live, figures, allowed)
    print(
        f"{attack}: memory {figures.memory_before:.0f} -> peak {figures.memory_peak:.0f} -> {figures.memory_after:.0f} MB, "
        f"descriptors {figures.descriptors_before} -> {figures.descriptors_peak} -> {figures.descriptors_after}, "
        f"{figures.cpu_seconds:.2f} s of CPU, the innocent waited {figures.longest_wait * 1000:.0f} ms "
        f"({figures.most_work * 1000:.0f} ms of work for others)"
    )
    assert figures.memory_peak <= allowed, f"{attack} made the gateway hold {figures.memory_peak:.0f} MB"
    assert figures.most_work < most_work, f"the innocent waited for {figures.most_work * 1000:.0f} ms of work"
    assert figures.longest_wait < LONGEST, f"the innocent waited {figures.longest_wait:.1f} s during {attack}"
    assert "Traceback" not in live.gateway.output, live.gateway.output[-4000:]


def _await_recovery(live: Live, figures: Figures, allowed: float) -> None:
    """Wait until memory and descriptors are back; fails when they are not in RECOVERY_SECONDS."""
    pids = live.gateway.pids
    end = time.monotonic() + RECOVERY_SECONDS
    while True:
        figures.memory_after, figures.descriptors_after = live.resident(), descriptors(*pids)
        if figures.memory_after <= allowed and figures.descriptors_after <= figures.descriptors_before + SLACK * len(
            pids
        ):
            return
        assert time.monotonic() < end, f"not back after {RECOVERY_SECONDS:.0f} s: {figures}"
        time.sleep(0.1)
