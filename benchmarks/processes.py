"""Servers as processes of their own: which core they run on, the CPU and memory they and their children take."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 40.0
STOP_SECONDS = 5.0
_CORES = sorted(os.sched_getaffinity(0))
GATEWAY_CORE = {_CORES[0]}
"""Where the measured server runs."""
OTHER_CORES = set(_CORES[1:]) or {_CORES[0]}
"""Where the upstream and the load run."""
ALL_CORES = set(_CORES)


class NotStarted(Exception):
    """A server ended, or did not listen in time; the text is the end of what it printed."""


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Running:
    """A process and all it started."""

    pid: int
    port: int

    def tree(self) -> list[int]:
        """The ids of the process and of its living descendants."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found = [self.pid]
        for pid in found:  # grows while it is walked
            found.extend(parents.get(pid, []))
        return found

    def cpu(self) -> dict[int, float]:
        """Seconds of CPU by process, all threads together, in nanosecond steps."""
        return {pid: seconds for pid in self.tree() if (seconds := _clock(pid)) is not None}

    def peak(self) -> float:
        """Most memory in MB that the processes had at once, each at its own time (VmHWM)."""
        return sum(_status(pid, "VmHWM") for pid in self.tree())

    def resident(self) -> float:
        """Memory in MB that the processes have now."""
        return sum(_status(pid, "VmRSS") for pid in self.tree())


def _clock(pid: int) -> float | None:
    """The CPU clock of another process: its number is made from the id as clock_getcpuclockid(3) does on Linux."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


def _status(pid: int, name: str) -> float:
    with contextlib.suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/status").read_text()
        return int(text.split(f"{name}:")[1].split()[0]) / 1024
    return 0.0


def spent(before: Mapping[int, float], after: Mapping[int, float]) -> dict[int, float]:
    """Seconds of CPU between two readings, by process."""
    return {pid: seconds - before.get(pid, 0.0) for pid, seconds in after.items()}


@contextmanager
def process(
    arguments: Sequence[str], port: int, *, cores: set[int], cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A server while the block runs, once it listens. Raises NotStarted."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    log = Path(tempfile.gettempdir()) / f"bench-{os.getpid()}-{port}.log"
    own = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)  # a process starts on the cores of its parent
    try:
        with log.open("wb") as out:
            started = subprocess.Popen(list(arguments), cwd=cwd, env=environment, stdout=out, stderr=out)
    finally:
        os.sched_setaffinity(0, own)
    running = Running(started.pid, port)
    try:
        _wait_until_listening(started, port, log)
        yield running
    finally:
        _stop(started, running)
        log.unlink(missing_ok=True)


def _wait_until_listening(started: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and started.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    what = f"does not listen after {START_SECONDS:.0f} s" if started.poll() is None else "ended at once"
    raise NotStarted(f"{what}: {log.read_text(errors='replace')[-300:].strip()}")


def _stop(started: subprocess.Popen[bytes], running: Running) -> None:
    """End the process, then whatever it left behind, each by its id."""
    children = running.tree()[1:]
    started.terminate()
    try:
        started.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


async def nap(seconds: float) -> None:
    """Let a server finish what it does after its last answer."""
    await asyncio.sleep(seconds)
