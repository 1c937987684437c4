"""Event streams that outlive one connection: reserved by token, read by one, resumed from a short memory.

Used by `single_connection`. They are in this process alone: with several workers or replicas, a balancer must
send all requests of one token to the same one.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager

from bff.contract import Refused
from bff.http.errors import Problem
from bff.http.options import Subscriptions
from bff.http.transports.sse import event_of

KEPT_SECONDS = 15.0
"""How long a stream that nobody reads is kept: before its first reader, and after one has gone."""


class Stream:
    """The events of many operations for one reader, numbered from 1.

    Holds at most `buffer` events that were not read, where writers wait, and as many that were.
    """

    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        self._kept: deque[bytes] = deque()
        self._last = 0
        """Number of the newest event, which is the end of `_kept`."""
        self._read = 0
        """Number of the event that was read last."""
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self.is_open = False
        self.cut: Callable[[], None] = _nothing
        """Breaks the connection of who reads."""
        self.expiry: asyncio.TimerHandle | None = None

    def start(self, id: str, operation: Coroutine[None, None, None], most: int) -> None:  # noqa: A002
        """Run an operation until its end, or until `stop`. Raises Refused when its id is taken or `most` run."""
        refusal = None
        if id in self._by_id:
            refusal = Problem.OPERATION_EXISTS.refused("An operation with this operationId is under way.")
        elif len(self._tasks) >= most:
            refusal = Problem.TOO_MANY_OPERATIONS.refused(f"At most {most} operations may run on one event stream.")
        if refusal is not None:
            operation.close()
            raise refusal
        task = asyncio.ensure_future(operation)
        self._by_id[id] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget(id, done))

    def stop(self, id: str) -> None:  # noqa: A002 - the protocol's word
        """Cancel an operation; one that has ended already is no mistake."""
        task = self._by_id.pop(id, None)
        if task is not None:
            task.cancel()

    def free(self, id: str) -> None:  # noqa: A002 - the protocol's word
        """An operation is about to end; its id may be used again."""
        self._by_id.pop(id, None)

    async def close(self) -> None:
        """Cancel all operations and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, kind: bytes, data: bytes) -> None:
        """Add an event; waits while `buffer` events are not read."""
        while self._last - self._read >= self._buffer:
            await self._change()
        self._last += 1
        self._kept.append(event_of(kind, data, self._last))
        self._changed.set()

    def resume(self, after: int) -> None:
        """Go back to the event after this number. Raises Refused when it is not kept any more, or never was."""
        if not self._last - len(self._kept) <= after <= self._last:
            raise Problem.EVENTS_LOST.refused(
                "The event after Last-Event-ID is not kept any more; reserve a new stream."
            )
        self._read = after

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The events that were not read, for ever."""
        while True:
            while self._read == self._last:
                await self._change()
            event = self._kept[self._read - self._last]
            self._read += 1
            while len(self._kept) - (self._last - self._read) > self._buffer:
                self._kept.popleft()
            self._changed.set()
            yield event

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _forget(self, id: str, task: asyncio.Task[None]) -> None:  # noqa: A002
        self._tasks.discard(task)
        if self._by_id.get(id) is task:
            del self._by_id[id]


class Streams:
    """The streams of this process, by their tokens."""

    def __init__(self, options: Subscriptions) -> None:
        self._options = options
        self._by_token: dict[str, Stream] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._by_token)

    def reserve(self) -> str:
        """A token of 256 random bits for a new stream. Raises Refused when there are too many."""
        if len(self._by_token) >= self._options.max_streams:
            seconds = str(int(KEPT_SECONDS) or 1)
            message = f"All {self._options.max_streams} event streams of server.subscriptions.max_streams are taken."
            raise Problem.TOO_MANY_STREAMS.refused(message, retry_after=seconds)
        token = f"es-{secrets.token_urlsafe(32)}"
        self._by_token[token] = Stream(self._options.buffer)
        self._expire_later(token)
        return token

    def find(self, token: str) -> Stream:
        """Raises Refused when there is none."""
        stream = self._by_token.get(token)
        if stream is None:
            raise _not_found()
        return stream

    @contextmanager
    def reading(self, token: str, after: int | None) -> Iterator[Stream]:
        """The stream, for the one reader it may have at a time, who goes on after event number `after`."""
        stream = self.find(token)
        if stream.is_open:
            raise Problem.STREAM_OPEN.refused("This event stream is read already, and only one may.")
        if after is not None:
            stream.resume(after)
        if stream.expiry is not None:
            stream.expiry.cancel()
        stream.is_open = True
        try:
            yield stream
        finally:
            stream.is_open, stream.cut = False, _nothing
            self._expire_later(token)

    async def close(self) -> None:
        """End everything."""
        streams = list(self._by_token.values())
        self._by_token.clear()
        for stream in streams:
            if stream.expiry is not None:
                stream.expiry.cancel()
        await asyncio.gather(*(stream.close() for stream in streams), *self._closing)

    def _expire_later(self, token: str) -> None:
        stream = self._by_token.get(token)
        if stream is not None:
            stream.expiry = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._expire, token)

    def _expire(self, token: str) -> None:
        closing = asyncio.ensure_future(self._by_token.pop(token).close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _nothing() -> None:
    return


def _not_found() -> Refused:
    return Problem.STREAM_NOT_FOUND.refused(
        f"No event stream has this token; one that is not read for {KEPT_SECONDS:g} s expires. Reserve one with PUT."
    )
