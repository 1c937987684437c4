"""The real `bff` command in processes of its own, for the tests of the command line, projects and reloading."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.waiting import GENEROUS

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "bff.cli")


def environment(**more: str) -> dict[str, str]:
    """What a process needs to find the gateway; wide, uncoloured output."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", **more}


def bff(*arguments: str, cwd: Path = ROOT, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=2 * GENEROUS,
        check=False,
    )


def patient_config(folder: Path) -> Path:
    """A copy of the shop's bff.yaml whose timeouts only what hangs meets, however busy the machine is."""
    config = folder / "bff.yaml"
    shop = (ROOT / "bff.yaml").read_text().replace("demo/", f"{ROOT}/demo/")
    config.write_text(re.sub(r"timeout: \d+s", f"timeout: {5 * GENEROUS:.0f}s", shop))
    return config


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A command that runs until it is stopped; its lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def output(self) -> str:
        """Everything it wrote so far."""
        return "".join(self.lines)

    @property
    def pids(self) -> list[int]:
        """The process and its workers."""
        pid = self.process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def wait_for(self, text: str, seconds: float = GENEROUS) -> None:
        """Until a line has this text."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"{text!r} did not come; the output is:\n{self.output}"
            if text in line:
                return

    def ask(self, query: str, path: str = "/graphql", headers: Mapping[str, str] | None = None) -> dict:
        """POST a query."""
        return httpx.post(self.url + path, json={"query": query}, headers=dict(headers or {}), timeout=GENEROUS).json()

    def ask_when_up(self, query: str, path: str = "/graphql", seconds: float = GENEROUS) -> dict:
        """The first answer, as soon as the port is open."""
        end = time.monotonic() + seconds
        while True:
            try:
                self._connect()  # cheaper than a client, which loads certificates
                return self.ask(query, path)
            except (OSError, httpx.TransportError):
                assert self.process.poll() is None, self.output
                assert time.monotonic() < end, self.output
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = GENEROUS) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(seconds)

    def _connect(self) -> None:
        socket.create_connection(("127.0.0.1", int(self.url.rpartition(":")[2])), timeout=GENEROUS).close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            self._queue.put(line)
        self._queue.put(None)


@contextmanager
def running(
    *arguments: str, cwd: Path = ROOT, command: Sequence[str] = COMMAND, stderr: int = subprocess.STDOUT, **more: str
) -> Iterator[Running]:
    """`bff <arguments> --port <free>`, ended in any case. Its output is that of both streams, unless one has `stderr`."""
    port = free_port()
    process = subprocess.Popen(
        [*command, *arguments, "--port", str(port)],
        cwd=cwd,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    made = Running(process, port)
    try:
        yield made
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(GENEROUS)
        made.reader.join(5)
        if process.stdout is not None:
            process.stdout.close()
