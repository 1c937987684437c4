"""The sink of all log lines: a bounded queue and a thread that writes it. Used by `logs`, and as sys.stderr.

A log that cannot be written (a full disk, a pipe without a reader or one that is not emptied) never raises and never
makes the caller wait: lines that do not fit are dropped and counted. No lock of another package is taken while a line
is queued, because garbage collection may log in the middle of anything.
"""

from __future__ import annotations

import atexit
import errno
import os
import select
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

from bff.observability.metrics import count_dropped_lines

MAX_UNWRITTEN = 4_000_000
FLUSH_TIMEOUT = 1.0
"""Seconds that unwritten lines get at exit."""
_ATOMIC = select.PIPE_BUF
"""Bytes that the kernel never mixes with what other processes write to the same pipe (POSIX, write())."""
_LINGER = 0.02
"""Seconds in which further lines gather after a batch: waking the thread costs more than writing a line."""
_PATIENCE = 0.25
"""Seconds between two looks at a pipe that takes nothing."""

Write = Callable[[memoryview], int]
Notice = Callable[[int, Mapping[str, int]], bytes]
"""The line that tells how many lines were dropped, by reason."""


class Sink:
    """Writes lines in a thread of its own. All methods may be called from any thread and never raise."""

    def __init__(
        self, write: Write, *, wait_until_writable: Callable[[float], bool], max_unwritten: int = MAX_UNWRITTEN
    ) -> None:
        """`write` returns how many bytes it took; `wait_until_writable` waits some seconds and tells whether it may."""
        self.max_unwritten = max_unwritten
        self.notice: Notice = _plain_notice
        self.dropped: Counter[str] = Counter()
        """All that was ever dropped, by reason: full, no_space, no_reader, failed."""
        self._write = write
        self._wait_until_writable = wait_until_writable
        self._queue: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._lock = threading.RLock()
        self._unwritten = 0
        self._unreported: Counter[str] = Counter()
        self._uncounted: Counter[str] = Counter()
        self._is_mid_line = False
        self._thread: threading.Thread | None = None
        os.register_at_fork(after_in_child=self._forget_thread)

    @property
    def unwritten(self) -> int:
        """Bytes that wait."""
        return self._unwritten

    def write(self, line: bytes) -> None:
        """Queue one line, which ends with a newline; drop it when too much waits already."""
        with self._lock:
            is_full = self._unwritten + len(line) > self.max_unwritten
            if not is_full:
                self._unwritten += len(line)
            thread = self._thread
        if is_full:
            self.drop("full")
            return
        self._queue.put(line)
        if thread is None:
            self._start_thread()

    def drop(self, reason: str, count: int = 1) -> None:
        """Count lines that will not be written."""
        with self._lock:
            self.dropped[reason] += count
            self._unreported[reason] += count
            self._uncounted[reason] += count

    def flush(self, timeout: float = FLUSH_TIMEOUT) -> bool:
        """Wait until what is queued now is written or dropped, at most so many seconds; whether it is."""
        if self._thread is None:
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def _start_thread(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._write_all, name="bff-log", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is going down, or the system has no more threads
            self._thread = None

    def _forget_thread(self) -> None:
        """A forked process has the queue, but neither the thread nor the right to the parent's lines."""
        self._lock = threading.RLock()
        self._queue = SimpleQueue()
        self._unwritten, self._thread = 0, None

    def _write_all(self) -> None:
        while True:
            batch, waiting = self._take_batch()
            self._write_batch(batch)
            self._count_dropped()
            for each in waiting:
                each.set()
            if not waiting:
                time.sleep(_LINGER)

    def _take_batch(self) -> tuple[deque[bytes], list[threading.Event]]:
        """All that is queued, at least one; and those who wait until it is written."""
        found = [self._queue.get()]
        with suppress(Empty):
            while True:
                found.append(self._queue.get_nowait())
        lines = deque(each for each in found if isinstance(each, bytes))
        return lines, [each for each in found if isinstance(each, threading.Event)]

    def _write_batch(self, lines: deque[bytes]) -> None:
        while lines:
            chunk, count = _join_lines(lines)
            size = len(chunk)
            while not self._wait_until_writable(_PATIENCE):
                self._count_dropped()
            if self._write_chunk(chunk, count):
                self._report_dropped()
            with self._lock:
                self._unwritten -= size

    def _write_chunk(self, chunk: bytes, count: int) -> bool:
        """Whether all of it was written. What follows half a line begins on a line of its own."""
        left = memoryview(b"\n" + chunk if self._is_mid_line else chunk)
        try:
            while left:
                try:
                    taken = self._write(left)
                except BlockingIOError:
                    self._wait_until_writable(_PATIENCE)
                    continue
                left = left[taken:]
                self._is_mid_line = bool(left)
        except Exception as error:  # noqa: BLE001 - whatever a stream raises, no line is worth the gateway
            self.drop(_name_reason(error), count)
            return False
        return True

    def _report_dropped(self) -> None:
        if not self._unreported:
            return
        with self._lock:
            reasons, self._unreported = self._unreported, Counter()
        if not self._write_chunk(self.notice(reasons.total(), reasons), 0):
            with self._lock:
                self._unreported += reasons

    def _count_dropped(self) -> None:
        if not self._uncounted:
            return
        with self._lock:
            reasons, self._uncounted = self._uncounted, Counter()
        for reason, count in reasons.items():
            count_dropped_lines(reason, count)


def _join_lines(lines: deque[bytes]) -> tuple[bytes, int]:
    """As many lines as fit into one atomic write, at least one; and how many."""
    parts = [lines.popleft()]
    size = len(parts[0])
    while lines and size + len(lines[0]) <= _ATOMIC:
        size += len(lines[0])
        parts.append(lines.popleft())
    return b"".join(parts), len(parts)


def _name_reason(error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "no_space"
    return "no_reader" if code in (errno.EPIPE, errno.ECONNRESET, errno.EBADF) else "failed"


def _plain_notice(count: int, reasons: Mapping[str, int]) -> bytes:
    return f"{count} log lines were dropped ({', '.join(reasons)})\n".encode()


def open_sink(max_unwritten: int = MAX_UNWRITTEN) -> Sink:
    """A sink that writes to this process's standard error and is flushed at exit."""
    sink = _open_descriptor(max_unwritten)
    atexit.register(sink.flush)
    return sink


def _open_descriptor(max_unwritten: int) -> Sink:
    stream = sys.stderr
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # closed from the start, or a stream without a file
        return Sink(
            lambda data: _write_text(stream, data), wait_until_writable=lambda _: True, max_unwritten=max_unwritten
        )
    return Sink(
        lambda data: os.write(descriptor, data),
        wait_until_writable=lambda seconds: _is_writable(descriptor, seconds),
        max_unwritten=max_unwritten,
    )


def _write_text(stream: object, data: memoryview) -> int:
    if stream is None:
        raise OSError(errno.EBADF, "standard error is closed")
    text = bytes(data).decode("utf-8", "replace")
    getattr(stream, "write")(text)  # noqa: B009 - any object may stand in for sys.stderr
    return len(data)


def _is_writable(descriptor: int, seconds: float) -> bool:
    """Whether a write makes progress or fails at once, which broken descriptors do."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    try:
        return bool(poll.poll(seconds * 1000))
    except OSError:
        return True
