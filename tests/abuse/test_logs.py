"""A log that cannot be written: the gateway starts, answers, stays small and ends with exit code 0 all the same."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.abuse.live import NOWHERE, accompanied
from tests.abuse.promises import promised
from tests.e2e.command import COMMAND, ROOT, Running, running
from tests.waiting import GENEROUS, until_true

FAILING = {"query": '{ product(id: "p-001") { name price { text } } }'}
PIPE_SIZE = 16_384
"""Of four pages: a short line takes one of them."""
REQUESTS = 100
"""Each writes at least one line of 300 bytes: together more than a small pipe and the smallest queue hold."""
CLOSED = ("sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND)
"""The command, without a standard error."""
WORKERS = pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.soak_only)])


def ask(gateway: Running, count: int, **headers: str) -> None:
    """Requests whose upstreams are away: each is answered, and costs a log line."""
    with httpx.Client(base_url=gateway.url, timeout=GENEROUS, headers=headers) as client:
        codes = [client.post("/graphql/web", json=FAILING).status_code for _ in range(count)]
    assert codes == [200] * count


def dropped(gateway: Running) -> str:
    """The counters of dropped lines."""
    text = httpx.get(gateway.url + "/metrics", timeout=GENEROUS).text
    return "\n".join(line for line in text.splitlines() if line.startswith("bff_log_lines_dropped_total{"))


@contextmanager
def small_pipe() -> Iterator[tuple[int, int]]:
    """A pipe that a few lines fill; what is not closed by the test is closed in the end."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    try:
        yield reading, writing
    finally:
        for each in (reading, writing):
            with suppress(OSError):
                os.close(each)


@contextmanager
def serving(
    stderr: int, folder: Path, workers: int = 1, *, is_closed: bool = False, settings: str = ""
) -> Iterator[Running]:
    """`bff serve` for the shop with this standard error, as soon as it answers."""
    config, metrics = folder / "bff.yaml", folder / "metrics"
    config.write_text((ROOT / "bff.yaml").read_text().replace("demo/", f"{ROOT}/demo/") + settings)
    metrics.mkdir()
    together = {"PROMETHEUS_MULTIPROC_DIR": str(metrics)} if workers > 1 else {}
    arguments = ("serve", "--config", str(config), "--workers", str(workers))
    command = CLOSED if is_closed else COMMAND
    with running(*arguments, command=command, stderr=stderr, **together, **NOWHERE) as gateway:
        gateway.ask_when_up("{ __typename }", "/graphql/web")
        ask(gateway, 5)
        yield gateway


def hold(
    stderr: int,
    folder: Path,
    workers: int = 1,
    *,
    is_closed: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
    counts: str = "",
) -> None:
    """What is promised, whatever standard error is."""
    with serving(stderr, folder, workers, is_closed=is_closed) as gateway:
        with accompanied(gateway) as live, promised(live, "a log that cannot be written"):
            meanwhile()
            ask(gateway, REQUESTS)
        if counts:
            until_true(lambda: counts in dropped(gateway))
        assert gateway.stop() == 0


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.soak_only), 2])
def test_a_full_disk(workers: int, tmp_path: Path) -> None:
    """From the start: nothing can be printed either."""
    with Path("/dev/full").open("wb") as full:
        hold(full.fileno(), tmp_path, workers, counts='reason="no_space"')


@WORKERS
def test_standard_error_is_closed(workers: int, tmp_path: Path) -> None:
    """From the start: its number must not become that of a client's connection."""
    with Path(os.devnull).open("wb") as nothing:
        hold(nothing.fileno(), tmp_path, workers, is_closed=True)


@WORKERS
def test_a_pipe_whose_reader_is_gone(workers: int, tmp_path: Path) -> None:
    """From the start."""
    with small_pipe() as (reading, writing):
        os.close(reading)
        hold(writing, tmp_path, workers, counts='reason="no_reader"')


@WORKERS
def test_a_reader_that_goes(workers: int, tmp_path: Path) -> None:
    """While the gateway works."""
    with small_pipe() as (reading, writing):
        hold(writing, tmp_path, workers, meanwhile=lambda: os.close(reading), counts='reason="no_reader"')


@WORKERS
def test_a_pipe_that_is_full_from_the_start(workers: int, tmp_path: Path) -> None:
    """Nothing can be printed, and nobody empties it."""
    with small_pipe() as (_, writing):
        _fill(writing)
        hold(writing, tmp_path, workers)


def test_lines_that_were_dropped_are_told(tmp_path: Path) -> None:
    """A pipe that nobody empties for a while: how many lines were dropped, and why, is told as soon as it is emptied.

    What waited longest is there, memory was bounded, and what is logged last is written at exit.
    """
    with (
        small_pipe() as (reading, writing),
        serving(writing, tmp_path, settings="\nlog: {max_unwritten: 10kB}\n") as gateway,
    ):
        os.close(writing)
        with accompanied(gateway) as live, promised(live, "a pipe that nobody empties"):
            ask(gateway, REQUESTS)
        assert 'reason="full"' in dropped(gateway)
        assert _read_until(reading, b"lines were dropped").count(b"upstream_failed") > 20
        ask(gateway, 1, **{"x-request-id": "the-last-one"})
        assert gateway.stop() == 0
        assert b"the-last-one" in _read_until(reading, b"the-last-one")


def test_what_workers_logged_last_is_written_at_exit(tmp_path: Path) -> None:
    """A signal ends them."""
    with small_pipe() as (reading, writing), serving(writing, tmp_path, 2) as gateway:
        os.close(writing)
        ask(gateway, 1, **{"x-request-id": "the-last-one"})
        assert gateway.stop() == 0
        assert b"the-last-one" in _read_until(reading, b"the-last-one")


def _fill(descriptor: int) -> None:
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    for part in (1000, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(descriptor, b"x" * part)
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
