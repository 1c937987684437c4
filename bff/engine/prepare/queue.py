"""Where documents wait to be prepared that are not known yet: bounded, fair by client. One for each gateway.

Plans are made one at a time in a thread, so that requests with known documents do not wait for them. Of several clients
that wait, the one goes first for which least CPU time has been spent (start-time fair queueing, Goyal et al. 1996), so
that no client waits for more than one document of each other.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from bff.contract import Problem, Refused
from bff.observability.metrics import PREPARE_QUEUE, PREPARE_WAITS, count_dropped, count_refusal

T = TypeVar("T")

_SWITCH_SECONDS = 0.0005
"""How often Python switches threads while a plan is made. With its own 5 ms, others waited for 0.2 s (measured)."""
_MAKER = ThreadPoolExecutor(
    1, thread_name_prefix="bff-prepare", initializer=sys.setswitchinterval, initargs=(_SWITCH_SECONDS,)
)
"""Makes the plans of unknown documents of all gateways in the process."""
RETRY_AFTER = "1"
"""Seconds after which a refused client may come again."""


class _Job(Generic[T]):
    """A document that waits, or is being prepared, for one or more requests."""

    __slots__ = ("arrived_at", "clients", "done", "has_begun", "key", "requests", "work")

    def __init__(self, key: Hashable, work: Callable[[], T]) -> None:
        self.key = key
        self.work = work
        self.done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.done.add_done_callback(_retrieve)
        self.clients: set[str] = set()
        """Those in whose lines it waits."""
        self.requests = 0
        """How many wait for it."""
        self.has_begun = False
        self.arrived_at = time.monotonic()


@dataclass(frozen=True, slots=True)
class _Timed(Generic[T]):
    """What a job came to, and the CPU seconds that it took."""

    result: T | None
    problem: Exception | None
    seconds: float


class _Line:
    """The jobs of one client."""

    __slots__ = ("jobs", "spent")

    def __init__(self, spent: float) -> None:
        self.jobs: deque[_Job[Any]] = deque()
        self.spent = spent
        """CPU seconds, starting at the smallest value of any other client when this one came."""


class PrepareQueue:
    """Runs work of clients in the thread. The same work at the same time runs once."""

    def __init__(self, max_waiting: int) -> None:
        """`max_waiting` documents may wait; beyond it the client that has most of them is refused."""
        self._max_waiting = max_waiting
        self._jobs: dict[Hashable, _Job[Any]] = {}
        """Those that wait and the one under way, by key."""
        self._lines: dict[str, _Line] = {}
        self._waiting = 0
        self._is_busy = False
        self._least_spent = 0.0

    def __len__(self) -> int:
        """How many documents wait."""
        return self._waiting

    async def run(self, key: Hashable, work: Callable[[], T], client: str) -> T:
        """The result of `work` for this key. Raises what it raises, and Refused when too many wait.

        Work that has not begun is dropped when no request waits for it any more.
        """
        job: _Job[T] | None = self._jobs.get(key)
        if job is None:
            job = self._add_job(key, work, client)
        elif not job.has_begun and client not in job.clients:
            self._put_in_line(job, client)
        job.requests += 1
        self._start_next()
        try:
            return await asyncio.shield(job.done)
        finally:
            job.requests -= 1
            if not job.requests and not job.has_begun and not job.done.done():
                self._drop(job)

    def _add_job(self, key: Hashable, work: Callable[[], T], client: str) -> _Job[T]:
        if self._waiting >= self._max_waiting:
            self._make_room(client)
        job = self._jobs[key] = _Job(key, work)
        self._waiting += 1
        PREPARE_QUEUE.inc()
        self._put_in_line(job, client)
        return job

    def _put_in_line(self, job: _Job[Any], client: str) -> None:
        line = self._lines.get(client)
        if line is None:
            line = self._lines[client] = _Line(self._least_spent)
        line.jobs.append(job)
        job.clients.add(client)

    def _make_room(self, client: str) -> None:
        """Refuse the newest job of the client that has most of them. Raises Refused where that is this one."""
        own = self._lines.get(client)
        longest = max(self._lines.values(), key=lambda line: len(line.jobs))
        if own is not None and len(own.jobs) >= len(longest.jobs) - 1:
            raise _refuse()
        job = longest.jobs[-1]
        self._take_out(job)
        del self._jobs[job.key]
        job.done.set_exception(_refuse())

    def _drop(self, job: _Job[Any]) -> None:
        self._take_out(job)
        del self._jobs[job.key]
        job.done.cancel()
        count_dropped("document")

    def _take_out(self, job: _Job[Any]) -> None:
        """Out of all lines."""
        self._waiting -= 1
        PREPARE_QUEUE.dec()
        for client in job.clients:
            line = self._lines[client]
            line.jobs.remove(job)
            if not line.jobs:
                del self._lines[client]

    def _start_next(self) -> None:
        if self._is_busy or not self._waiting:
            return
        client, line = min(self._lines.items(), key=lambda each: each[1].spent)
        job = line.jobs[0]
        self._least_spent = line.spent
        self._is_busy = job.has_begun = True
        self._take_out(job)
        PREPARE_WAITS.observe(time.monotonic() - job.arrived_at)
        ended = asyncio.get_running_loop().run_in_executor(_MAKER, _run_timed, job.work)
        ended.add_done_callback(partial(self._finish, job, client, line))

    def _finish(self, job: _Job[T], client: str, line: _Line, ended: asyncio.Future[_Timed[T]]) -> None:
        self._is_busy = False
        del self._jobs[job.key]
        if ended.cancelled() or ended.exception() is not None or job.done.done():
            job.done.cancel()  # the thread, or the loop, is being stopped
            self._start_next()
            return
        timed = ended.result()
        if self._lines.get(client) is line:
            line.spent += timed.seconds
        self._start_next()
        if timed.problem is not None:
            job.done.set_exception(timed.problem)
        else:
            job.done.set_result(timed.result)  # type: ignore[arg-type]  # there where no exception is


def _run_timed(work: Callable[[], T]) -> _Timed[T]:
    """Run it. Called in the thread."""
    began = time.thread_time()
    try:
        return _Timed(work(), None, time.thread_time() - began)
    except Exception as error:  # noqa: BLE001 - handed on to those who wait
        return _Timed(None, error, time.thread_time() - began)


def _refuse() -> Refused:
    count_refusal(Problem.TOO_MANY_DOCUMENTS.name)
    return Problem.TOO_MANY_DOCUMENTS.refusal(
        "Too many documents that are not known yet wait to be prepared; try again later.", retry_after=RETRY_AFTER
    )


def _retrieve(done: asyncio.Future[Any]) -> None:
    """Look at the exception, because the requests that waited may all be gone."""
    if not done.cancelled():
        done.exception()
