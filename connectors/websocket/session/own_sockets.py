"""The sockets of subscriptions that share only with equal messages. Used by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, Protocol, TypeVar

from connectors.contract import Operation
from connectors.errors import UpstreamUnavailable, UpstreamUnreachable
from connectors.reports import report_event


class _Closes(Protocol):
    async def close(self) -> None: ...


T = TypeVar("T", bound=_Closes)


class OwnSockets(Generic[T]):
    """One socket, with what it takes, for each different subscribe message; closed when its last subscriber leaves."""

    def __init__(self, max_sockets: int, create: Callable[[], T]) -> None:
        self._max_sockets, self._create = max_sockets, create
        self._by_message: dict[bytes, T] = {}
        self._subscribers: dict[T, int] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._by_message)

    @asynccontextmanager
    async def use(self, operation: Operation, message: bytes) -> AsyncIterator[T]:
        """The socket of this message while inside. Raises UpstreamUnavailable if there are too many."""
        if self._is_closed:
            raise UpstreamUnreachable(operation, "the connector is closed")
        socket = self._by_message.get(message)
        if socket is None:
            if len(self._subscribers) + len(self._closing) >= self._max_sockets:
                report_event(operation.upstream, "no_own_socket")
                raise UpstreamUnavailable(operation, f"all {self._max_sockets} sockets of max_own_sockets are in use")
            socket = self._by_message[message] = self._create()
            self._subscribers[socket] = 0
        self._subscribers[socket] += 1
        try:
            yield socket
        finally:
            self._subscribers[socket] -= 1
            if not self._subscribers[socket]:
                del self._subscribers[socket], self._by_message[message]
                self._start_closing(socket)

    async def close(self) -> None:
        """Close all; their subscribers hear of it."""
        self._is_closed = True
        await asyncio.gather(*(socket.close() for socket in list(self._subscribers)), *self._closing)

    def _start_closing(self, socket: T) -> None:
        task = asyncio.ensure_future(socket.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
