"""A log that cannot be written: the gateway starts, answers, stays small and ends with exit code 0 all the same."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.abuse.live import LONGEST, NOWHERE
from tests.e2e.command import COMMAND, ROOT, environment, free_port
from tests.seeds import IS_SOAK
from tests.waiting import GENEROUS

FAILING = {"query": '{ product(id: "p-001") { name price { text } } }'}
REQUESTS = 300
"""Each writes at least one line of 300 bytes: more than a pipe of 64 kB holds."""
MAX_GROWTH = 40.0
"""MB beyond the memory at rest, and half of that again."""
_LONG = [pytest.mark.soak, pytest.mark.skipif(not IS_SOAK, reason="a short part is enough; make soak runs it")]
WORKERS = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=_LONG)])


@dataclass
class Gateway:
    """A gateway whose standard error is a problem."""

    process: subprocess.Popen[bytes]
    url: str

    longest: float = 0.0
    """Seconds that one request took at most."""

    def ask(self, count: int) -> list[int]:
        """Status codes of requests whose upstreams are away; each costs a log line."""
        codes = []
        with httpx.Client(base_url=self.url, timeout=GENEROUS) as client:
            for _ in range(count):
                began = time.monotonic()
                codes.append(client.post("/graphql/web", json=FAILING).status_code)
                self.longest = max(self.longest, time.monotonic() - began)
        return codes

    def wait_until_up(self) -> None:
        end = time.monotonic() + GENEROUS
        while time.monotonic() < end:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}"
            with suppress(httpx.TransportError):
                httpx.post(self.url + "/graphql/web", json={"query": "{ __typename }"}, timeout=GENEROUS)
                return
            time.sleep(0.05)
        raise AssertionError("it does not answer")

    def resident(self) -> float:
        """Memory in MB, with that of the workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        status = [Path(f"/proc/{each}/status").read_text() for each in (pid, *children)]
        return sum(int(each.split("VmRSS:")[1].split()[0]) for each in status) / 1024

    def dropped(self) -> str:
        """The counters of dropped lines."""
        text = httpx.get(self.url + "/metrics", timeout=GENEROUS).text
        return "\n".join(line for line in text.splitlines() if line.startswith("bff_log_lines_dropped_total{"))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(GENEROUS)


@contextmanager
def serving(stderr: int | None, workers: int) -> Iterator[Gateway]:
    """`bff serve` with this standard error; None closes it."""
    port = free_port()
    command: list[str] = [*COMMAND, "serve", "--port", str(port), "--workers", str(workers)]
    if stderr is None:
        command = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**NOWHERE),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield Gateway(process, f"http://127.0.0.1:{port}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(GENEROUS)


def holds(
    stderr: int | None, workers: int, *, meanwhile: Callable[[], object] = lambda: None, counts: str = ""
) -> None:
    """What is promised, whatever standard error is."""
    with serving(stderr, workers) as gateway:
        gateway.wait_until_up()
        assert set(gateway.ask(20)) == {200}
        rest = gateway.resident()
        meanwhile()
        began = time.monotonic()
        assert gateway.ask(REQUESTS) == [200] * REQUESTS
        took, grown = time.monotonic() - began, gateway.resident()
        print(f"{took / REQUESTS * 1000:.1f} ms a request, {rest:.0f} MB at rest, {grown:.0f} MB after")
        assert grown < rest * 1.5 + MAX_GROWTH
        assert gateway.longest < LONGEST
        if counts and workers == 1:
            assert counts in gateway.dropped()
        assert gateway.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk(workers: int) -> None:
    """From the start: nothing can be printed either."""
    with Path("/dev/full").open("wb") as full:
        holds(full.fileno(), workers, counts='reason="no_space"')


@WORKERS
def test_standard_error_is_closed(workers: int) -> None:
    """From the start: its number must not become that of a client's connection."""
    holds(None, workers)


@WORKERS
def test_a_pipe_whose_reader_is_gone(workers: int) -> None:
    """From the start."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        holds(writing, workers, counts='reason="no_reader"')
    finally:
        os.close(writing)


@WORKERS
def test_a_reader_that_goes(workers: int) -> None:
    """While the gateway works."""
    reading, writing = os.pipe()
    try:
        holds(writing, workers, meanwhile=lambda: os.close(reading), counts='reason="no_reader"')
    finally:
        os.close(writing)


@WORKERS
@pytest.mark.parametrize("is_full", [True, False])
def test_a_pipe_that_nobody_empties(workers: int, is_full: bool) -> None:
    """Full from the start, or filled by the log."""
    reading, writing = os.pipe()
    try:
        if is_full:
            _fill(writing)
        holds(writing, workers)
    finally:
        os.close(reading)
        os.close(writing)


def test_lines_that_were_dropped_are_told(tmp_path: Path) -> None:
    """As soon as the pipe is emptied: how many, and why. What waited longest is there, memory was bounded."""
    settings = (ROOT / "bff.yaml").read_text() + "\nlog: {max_unwritten: 20kB}\n"
    config = tmp_path / "bff.yaml"
    config.write_text(settings.replace("demo/", f"{ROOT}/demo/"))
    reading, writing = os.pipe()
    port = free_port()
    process = subprocess.Popen(
        [*COMMAND, "serve", "--config", str(config), "--port", str(port)],
        cwd=ROOT,
        env=environment(**NOWHERE),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
        start_new_session=True,
    )
    os.close(writing)
    gateway = Gateway(process, f"http://127.0.0.1:{port}")
    try:
        gateway.wait_until_up()
        assert set(gateway.ask(REQUESTS)) == {200}
        assert 'reason="full"' in gateway.dropped()
        assert _read_until(reading, b"lines were dropped").count(b"upstream_failed") > 100
        assert gateway.stop() == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(GENEROUS)
        os.close(reading)


def test_what_was_logged_last_is_written_at_exit() -> None:
    """Also by workers, which a signal ends."""
    for workers in (1, 2):
        reading, writing = os.pipe()
        with serving(writing, workers) as gateway:
            os.close(writing)
            gateway.wait_until_up()
            with httpx.Client(base_url=gateway.url, timeout=GENEROUS) as client:
                client.post("/graphql/web", json=FAILING, headers={"x-request-id": "the-last-one"})
            assert gateway.stop() == 0
            assert b"the-last-one" in _read_until(reading, b"the-last-one")
        os.close(reading)


def _fill(descriptor: int) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x" * 1000)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x")
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


def _read_until(descriptor: int, text: bytes) -> bytes:
    os.set_blocking(descriptor, False)
    data, end = b"", time.monotonic() + GENEROUS
    while text not in data:
        assert time.monotonic() < end, data[-2000:]
        try:
            part = os.read(descriptor, 65536)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        assert part, f"it ended without {text!r}: {data[-2000:]!r}"
        data += part
    return data
