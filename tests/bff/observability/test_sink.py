"""The sink: nothing raises, nothing waits, memory is bounded, and what is dropped is counted and told."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import REGISTRY

from bff.observability.sink import Sink
from tests.waiting import GENEROUS


class Stream:
    """Bytes that were written, and a switch for each way to fail."""

    def __init__(self) -> None:
        self.data = b""
        self.fail: Callable[[], None] = lambda: None
        self.writable = threading.Event()
        self.writable.set()
        self.sink = Sink(self.write, wait_until_writable=self.writable.wait, max_unwritten=10_000)

    def write(self, data: memoryview) -> int:
        self.fail()
        self.data += bytes(data)
        return len(data)


@pytest.fixture
def stream() -> Iterator[Stream]:
    made = Stream()
    yield made
    made.writable.set()


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("bff_log_lines_dropped_total", {"reason": reason}) or 0.0


def test_lines_come_in_order(stream: Stream) -> None:
    """All of them, from several threads."""
    threads = [
        threading.Thread(target=lambda name=name: [stream.sink.write(b"%d %d\n" % (name, i)) for i in range(50)])
        for name in range(3)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert stream.sink.flush(GENEROUS)
    lines = [tuple(map(int, line.split())) for line in stream.data.splitlines()]
    assert [[line for line in lines if line[0] == name] for name in range(3)] == [
        [(name, i) for i in range(50)] for name in range(3)
    ]


def test_a_pipe_that_nobody_empties(stream: Stream) -> None:
    """The queue is bounded, no call waits, the rest is counted, and told as soon as writing works again."""
    before = counted("full")
    stream.writable.clear()
    began = time.thread_time()
    for _ in range(1000):
        stream.sink.write(b"x" * 99 + b"\n")
    assert time.thread_time() - began < 1
    assert stream.sink.unwritten <= 10_000
    assert stream.sink.dropped == {"full": 900}
    assert not stream.sink.flush(0.01)
    stream.writable.set()
    assert stream.sink.flush(GENEROUS)
    assert stream.data.count(b"x" * 99) == 100
    assert stream.data.count(b"900 log lines were dropped (full)\n") == 1
    assert counted("full") - before == 900


@pytest.mark.parametrize(
    ("code", "reason"),
    [(errno.ENOSPC, "no_space"), (errno.EPIPE, "no_reader"), (errno.EBADF, "no_reader"), (errno.EIO, "failed")],
)
def test_a_stream_that_fails(stream: Stream, code: int, reason: str) -> None:
    """Lines are dropped under their reason until it works again."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    before = counted(reason)
    stream.fail = fail
    stream.sink.write(b"lost\n")
    stream.sink.write(b"lost too\n")
    assert stream.sink.flush(GENEROUS)
    assert stream.sink.dropped == {reason: 2}
    assert stream.sink.unwritten == 0
    stream.fail = lambda: None
    stream.sink.write(b"kept\n")
    assert stream.sink.flush(GENEROUS)
    assert stream.data == b"kept\n2 log lines were dropped (%s)\n" % reason.encode()
    assert counted(reason) - before == 2


def test_half_a_line_is_ended(stream: Stream) -> None:
    """A disk that becomes full in the middle of a line does not glue the next one to it."""

    def write(data: memoryview) -> int:
        if stream.data.endswith(b"ha"):
            raise OSError(errno.ENOSPC, "full")
        stream.data += bytes(data[:2])
        return 2

    stream.sink = Sink(write, wait_until_writable=lambda _: True)
    stream.sink.write(b"half\n")
    assert stream.sink.flush(GENEROUS)
    stream.data += b"|"
    stream.sink.write(b"xy")
    assert stream.sink.flush(GENEROUS)
    assert stream.data.startswith(b"ha|\nxy")


def test_a_write_that_would_block_is_repeated(stream: Stream) -> None:
    """As with a pipe that another process made non-blocking."""
    left = [BlockingIOError(), BlockingIOError()]

    def fail() -> None:
        if left:
            raise left.pop()

    stream.fail = fail
    stream.sink.write(b"kept\n")
    assert stream.sink.flush(GENEROUS)
    assert stream.data == b"kept\n"
    assert not stream.sink.dropped


def test_a_flush_without_lines(stream: Stream) -> None:
    """Has nothing to wait for."""
    assert stream.sink.flush(0)


def test_logging_while_logging(stream: Stream) -> None:
    """Garbage collection may log while a line is queued: the lock is not in its way."""
    with stream.sink._lock:
        stream.sink.write(b"within\n")
    assert stream.sink.flush(GENEROUS)
    assert stream.data == b"within\n"
