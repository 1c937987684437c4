"""Several processes that serve one listening socket, and their parent. Called by the command line.

The parent starts the workers, replaces one that dies, and at SIGHUP replaces all, one after another, with new ones that
read the configuration again. At SIGTERM or SIGINT it closes its copy of the socket and lets all workers stop as a
single process does. It speaks to a worker through a pipe: a worker whose parent is gone stops too.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from bff.observability.logger import get_logger

log = get_logger("bff.http")

STOP, INTERRUPT, RETIRE, ABORT, STARTED = b"stop", b"interrupt", b"retire", b"abort", b"started"
"""What goes through the pipe: stop with all others, the second without delay; stop while others go on; abort; and back:
it serves."""

Work = Callable[[socket.socket, Connection], None]
"""Serves until a message in the pipe says stop; it is run in a process of its own and must be importable by name."""

_SPAWN = multiprocessing.get_context("spawn")
_FIRST_DELAY, _MAX_DELAY = 0.1, 10.0
"""Seconds before a worker is replaced that died before it served; doubled each time."""
_START_SECONDS = 60.0
"""A new worker of a reload may take this long until it serves."""


class WorkerFailed(Exception):
    """A worker ended before it served anything: all others would do so too."""


class Worker:
    """One process and the pipe to it."""

    def __init__(self, work: Work, listening: socket.socket) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=work, args=(listening, theirs))
        self.process.start()
        theirs.close()
        self.has_started = False
        self.began = time.monotonic()

    def send(self, command: bytes) -> None:
        """Tell it what to do; nothing if it is gone."""
        with suppress(OSError):
            self.pipe.send_bytes(command)

    def receive(self) -> None:
        """Take what it says; at the end of its pipe it is about to end."""
        try:
            self.has_started = self.pipe.recv_bytes() == STARTED or self.has_started
        except (EOFError, OSError):
            self.pipe.close()


class Workers:
    """The parent."""

    def __init__(
        self, work: Work, listening: socket.socket, count: int, started: Callable[[], None] = lambda: None
    ) -> None:
        """`started` is called once the first worker serves."""
        self._work, self._listening, self._count = work, listening, count
        self._started = started
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        """Workers that were replaced and finish what they have."""
        self._to_replace: list[Worker] = []
        self._following: Worker | None = None
        """The new worker of a reload that does not serve yet."""
        self._signals: list[int] = []
        self._is_stopping = self._has_served = False
        self._delay, self._restart_at = _FIRST_DELAY, 0.0

    def run(self) -> None:
        """Serve until a signal. Raises WorkerFailed."""
        with _wake_up(self._signals) as bell:
            try:
                self._workers = [Worker(self._work, self._listening) for _ in range(self._count)]
                while self._workers or self._leaving:
                    self._wait(bell)
                    self._handle_signals()
                    self._bury_dead()
                    self._replace_missing()
                    self._go_on_reloading()
            finally:
                for each in self._every_worker():
                    each.process.kill()
                    each.process.join()

    def _every_worker(self) -> list[Worker]:
        return [*self._workers, *self._leaving, *([self._following] if self._following else [])]

    def _wait(self, bell: socket.socket) -> None:
        workers = self._every_worker()
        pipes = [each.pipe for each in workers if not each.pipe.closed]
        ready = wait([bell, *pipes, *(each.process.sentinel for each in workers)], timeout=0.5)
        with suppress(BlockingIOError):
            bell.recv(4096)
        for each in workers:
            if each.pipe in ready:
                each.receive()
        if not self._has_served and any(each.has_started for each in self._workers):
            self._has_served = True
            self._started()

    def _handle_signals(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if number == getattr(signal, "SIGHUP", None):
                if not self._is_stopping:
                    log.info("reloading_workers", workers=len(self._workers))
                    self._to_replace = list(self._workers)
                continue
            first = INTERRUPT if number == signal.SIGINT else STOP
            command = ABORT if self._is_stopping else first
            self._stop_all(command)

    def _stop_all(self, command: bytes) -> None:
        self._is_stopping = True
        self._listening.close()  # the workers have it, and none is started any more
        if self._following is not None:
            self._leaving.append(self._following)
            self._following = None
        for each in self._every_worker():
            each.send(command)

    def _bury_dead(self) -> None:
        self._leaving = [each for each in self._leaving if not _is_over(each)]
        for each in [each for each in self._workers if _is_over(each)]:
            self._workers.remove(each)
            if self._is_stopping:
                continue
            if not self._has_served and (each.process.exitcode or 0) >= 0:  # by itself, not by a signal
                raise WorkerFailed
            log.error("worker_died", pid=each.process.pid, exit_code=each.process.exitcode)
            if each.has_started:
                self._delay = _FIRST_DELAY
            else:
                self._restart_at = time.monotonic() + self._delay
                self._delay = min(2 * self._delay, _MAX_DELAY)

    def _replace_missing(self) -> None:
        if self._is_stopping or time.monotonic() < self._restart_at:
            return
        while len(self._workers) < self._count:
            worker = Worker(self._work, self._listening)
            self._workers.append(worker)
            log.info("worker_replaced", pid=worker.process.pid)

    def _go_on_reloading(self) -> None:
        """Start the next new worker, and let an old one go once its successor serves."""
        self._to_replace = [each for each in self._to_replace if each in self._workers]
        following = self._following
        if following is None:
            if self._to_replace and not self._is_stopping:
                self._following = Worker(self._work, self._listening)
            return
        if following.has_started:
            self._following = None
            self._workers.append(following)
            if self._to_replace:
                old = self._to_replace.pop(0)
                self._workers.remove(old)
                self._leaving.append(old)
                old.send(RETIRE)
                log.info("worker_reloaded", pid=following.process.pid, replaced=old.process.pid)
        elif not following.process.is_alive() or time.monotonic() - following.began > _START_SECONDS:
            log.error("reload_failed", reason="a new worker did not start; the old ones go on")
            following.process.kill()
            following.process.join()
            self._following, self._to_replace = None, []


def _is_over(worker: Worker) -> bool:
    if worker.process.is_alive():
        return False
    worker.process.join()
    if not worker.pipe.closed:
        worker.pipe.close()
    return True


@contextmanager
def _wake_up(signals: list[int]) -> Iterator[socket.socket]:
    """Note signals in the list, and make the socket readable at each."""
    bell, ringing = socket.socketpair()
    bell.setblocking(False)
    ringing.setblocking(False)

    def note(number: int, _: Any) -> None:
        signals.append(number)

    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])]
    originals = {number: signal.signal(number, note) for number in numbers}
    before = signal.set_wakeup_fd(ringing.fileno(), warn_on_full_buffer=False)
    try:
        yield bell
    finally:
        signal.set_wakeup_fd(before)
        for number, original in originals.items():
            signal.signal(number, original)
        bell.close()
        ringing.close()
