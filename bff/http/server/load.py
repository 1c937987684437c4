"""What all connections of one process hold together, and the limits of it. Shared by the protocols and the server."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from bff.http.options import Options
from bff.observability.metrics import count_refusal

try:
    import fcntl
    import resource
    import termios
except ImportError:  # not on Windows
    HAS_FILE_LIMITS = False
else:
    HAS_FILE_LIMITS = True

RESERVE = 64
"""Connections beyond `max_connections` that may wait for /live and /ready; of more, the oldest is refused."""
_SHARE_OF_FILES = 0.75
"""Of the files that the process may open, those that connections of clients take; upstreams need the rest."""
_LOOKS = 8
"""How often within `write_timeout` the connections are looked at."""


class Connection(Protocol):
    """A connection of a client, over HTTP or a websocket."""

    transport: asyncio.Transport


class Reserved(Protocol):
    """A connection beyond `max_connections`."""

    def refuse_overloaded(self) -> None:
        """Answer 503 and close."""


class Load:
    """The limits of one process, and what is used of them."""

    def __init__(self, options: Options) -> None:
        self.max_header_size = options.max_header_size
        self.max_connections = min(options.max_connections, _count_files_for_clients())
        self.max_tasks = options.max_requests
        """Tasks of the application beside which one more request may run: requests, and what `exempt` let out."""
        self.is_stopping = False
        """Whether responses close their connections."""
        self.unsent = Unsent(options.write_timeout, options.max_unsent)
        self._reserved: deque[Reserved] = deque()

    def exempt(self, task: asyncio.Task[Any]) -> None:
        """A task of the application is no request under way: it serves a websocket or a stream of events."""
        self.max_tasks += 1
        task.add_done_callback(self._end_exemption)

    def _end_exemption(self, _: asyncio.Task[Any]) -> None:
        self.max_tasks -= 1

    def take_reserve(self, connection: Reserved) -> None:
        """Let a connection beyond the limit wait for a probe; refuse the oldest if too many do."""
        count_refusal("max_connections")
        self._reserved.append(connection)
        if len(self._reserved) > RESERVE:
            self._reserved.popleft().refuse_overloaded()

    def leave_reserve(self, connection: Reserved) -> None:
        """The connection has sent its head, or is lost."""
        with suppress(ValueError):
            self._reserved.remove(connection)


def raise_file_limit() -> None:
    """Allow this process as many open files as the system lets it have. Called once when the server starts."""
    if HAS_FILE_LIMITS:
        with suppress(OSError, ValueError):
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _count_files_for_clients() -> int:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if HAS_FILE_LIMITS else -1
    return 1_000_000 if soft < 0 else max(1, int(soft * _SHARE_OF_FILES))


class Unsent:
    """What clients have not read yet: aborts connections without progress, and the slowest if all hold too much.

    Costs a connection nothing while its client reads: all connections are looked at a few times within the timeout,
    and only those whose buffer is full are listed.
    """

    def __init__(self, timeout: float, max_bytes: int) -> None:
        self._timeout, self._max_bytes = timeout, max_bytes
        self._stalled: dict[Connection, None] = {}
        """Connections whose buffer is full; those without progress for the longest time come first."""
        self._looks: dict[Connection, tuple[int, float]] = {}
        """The unsent bytes of a connection at its last progress, and the time of it."""

    def add(self, connection: Connection) -> None:
        """The buffer of a connection is full. Aborts the slowest if all together hold too much."""
        self._stalled[connection] = None
        held = {each: _count_unsent(each) for each in self._stalled}
        total = sum(held.values())
        while total > self._max_bytes and len(held) > 1:
            slowest = next(iter(held))
            total -= held.pop(slowest)
            self._abort(slowest, "max_unsent")

    def abort_slowest(self) -> None:
        """Abort the connection without progress for the longest time, because another response waits for room."""
        if self._stalled:
            self._abort(next(iter(self._stalled)), "max_unsent")

    def remove(self, connection: Connection) -> None:
        """The buffer of a connection is nearly empty, or the connection is lost."""
        self._stalled.pop(connection, None)

    async def watch(self, connections: Iterable[Connection]) -> None:
        """Look at all connections from time to time, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._timeout / _LOOKS)
            self._look(tuple(connections), loop.time())

    def _look(self, connections: Iterable[Connection], now: float) -> None:
        earlier, self._looks = self._looks, {}
        for each in connections:
            if not each.transport.get_write_buffer_size():
                continue
            size = each.transport.get_write_buffer_size() + _count_in_kernel(each)
            last = earlier.get(each)
            if last is None or last[0] != size:
                self._looks[each] = (size, now)
                if each in self._stalled:  # behind those without progress
                    del self._stalled[each]
                    self._stalled[each] = None
            elif now - last[1] >= self._timeout:
                self._abort(each, "write_timeout")
            else:
                self._looks[each] = last

    def _abort(self, connection: Connection, reason: str) -> None:
        count_refusal(reason)
        self._stalled.pop(connection, None)
        connection.transport.abort()


def _count_unsent(connection: Connection) -> int:
    """Bytes that this process holds for a client, in the buffer and in the response that is being sent."""
    unwritten: int = getattr(connection, "unwritten", 0)
    return connection.transport.get_write_buffer_size() + unwritten


def _count_in_kernel(connection: Connection) -> int:
    """Bytes that the system holds for a client: they shrink before the buffer does. 0 where it does not say."""
    if not HAS_FILE_LIMITS:
        return 0
    try:
        socket = connection.transport.get_extra_info("socket")
        return int(struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
    except (AttributeError, OSError):
        return 0


def count_head(target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Bytes of a request line, without method and version, and of headers."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in headers)
