"""Event streams that outlive one connection: reserved by token, read by one client, resumed from a short memory.

Used by `single_connection`. A stream exists in this process alone: with several workers or replicas, the load balancer
must send all requests with one token to the same process.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager

from bff.contract import Problem, Refused
from bff.http.extensions import do_nothing
from bff.http.options import Subscriptions, Timeouts
from bff.http.transports.sse import encode_event
from connectors.aio.clock import Timer


class EventStream:
    """The events of many operations for one reader, numbered from 1.

    Holds at most `buffer` events that were not read, where writers wait, and as many that were read.
    """

    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        self._events: deque[bytes] = deque()
        self._last = 0
        """Number of the newest event, which is the end of `_events`."""
        self._read = 0
        """Number of the event that was read last."""
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self.is_open = False
        self.abort: Callable[[], None] = do_nothing
        """Aborts the reader's connection."""
        self.expiry: Timer | None = None

    def start_operation(self, id: str, operation: Coroutine[None, None, None], max_operations: int) -> None:  # noqa: A002
        """Run an operation until it ends or `stop_operation`. Raises Refused if its id is in use, or too many run."""
        refusal = None
        if id in self._by_id:
            refusal = Problem.OPERATION_EXISTS.refusal("An operation with this operationId is under way.")
        elif len(self._tasks) >= max_operations:
            refusal = Problem.TOO_MANY_OPERATIONS.refusal(
                f"At most {max_operations} operations may run on one event stream."
            )
        if refusal is not None:
            operation.close()
            raise refusal
        task = asyncio.ensure_future(operation)
        self._by_id[id] = task
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget_task(id, done))

    def stop_operation(self, id: str) -> None:  # noqa: A002 - the protocol's word
        """Cancel an operation; nothing happens if it has ended already."""
        task = self._by_id.pop(id, None)
        if task is not None:
            task.cancel()

    def release_id(self, id: str) -> None:  # noqa: A002 - the protocol's word
        """Let the id be used again: its operation is about to end."""
        self._by_id.pop(id, None)

    async def close(self) -> None:
        """Cancel all operations and wait for them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put_event(self, kind: bytes, data: bytes) -> None:
        """Add an event; waits while `buffer` events are not read."""
        while self._last - self._read >= self._buffer:
            await self._wait_for_change()
        self._last += 1
        self._events.append(encode_event(kind, data, self._last))
        self._changed.set()

    def resume_after(self, number: int) -> None:
        """Go back to the event after this one. Raises Refused if that is not buffered any more, or never was."""
        if not self._last - len(self._events) <= number <= self._last:
            raise Problem.EVENTS_LOST.refusal(
                "The event after Last-Event-ID is not kept any more; reserve a new stream."
            )
        self._read = number

    async def read_events(self) -> AsyncGenerator[bytes, None]:
        """The events that were not read, without end."""
        while True:
            while self._read == self._last:
                await self._wait_for_change()
            event = self._events[self._read - self._last]
            self._read += 1
            while len(self._events) - (self._last - self._read) > self._buffer:
                self._events.popleft()
            self._changed.set()
            yield event

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _forget_task(self, id: str, task: asyncio.Task[None]) -> None:  # noqa: A002
        self._tasks.discard(task)
        if self._by_id.get(id) is task:
            del self._by_id[id]


class EventStreams:
    """The event streams of this process, by their tokens."""

    def __init__(self, options: Subscriptions, timeouts: Timeouts) -> None:
        """A stream without a reader is removed after `timeouts.unread_stream`."""
        self._options = options
        self._ttl, self._clock = timeouts.unread_stream, timeouts.clock
        self._by_token: dict[str, EventStream] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._by_token)

    def reserve(self) -> str:
        """A token of 256 random bits for a new stream. Raises Refused if there are too many streams."""
        if len(self._by_token) >= self._options.max_streams:
            message = f"All {self._options.max_streams} event streams of server.subscriptions.max_streams are in use."
            raise Problem.TOO_MANY_STREAMS.refusal(message, retry_after=str(int(self._ttl) or 1))
        token = f"es-{secrets.token_urlsafe(32)}"
        self._by_token[token] = EventStream(self._options.buffer)
        self._schedule_expiry(token)
        return token

    def find(self, token: str) -> EventStream:
        """The stream of a token. Raises Refused if there is none."""
        stream = self._by_token.get(token)
        if stream is None:
            raise self._not_found()
        return stream

    @contextmanager
    def open(self, token: str, after: int | None) -> Iterator[EventStream]:
        """The stream for its reader, of which there may be one at a time; it resumes after event number `after`."""
        stream = self.find(token)
        if stream.is_open:
            raise Problem.STREAM_OPEN.refusal("Another connection reads this event stream; only one may.")
        if after is not None:
            stream.resume_after(after)
        if stream.expiry is not None:
            stream.expiry.cancel()
        stream.is_open = True
        try:
            yield stream
        finally:
            stream.is_open, stream.abort = False, do_nothing
            self._schedule_expiry(token)

    async def close(self) -> None:
        """Close all streams."""
        streams = list(self._by_token.values())
        self._by_token.clear()
        for stream in streams:
            if stream.expiry is not None:
                stream.expiry.cancel()
        await asyncio.gather(*(stream.close() for stream in streams), *self._closing)

    def _schedule_expiry(self, token: str) -> None:
        stream = self._by_token.get(token)
        if stream is not None:
            stream.expiry = self._clock.call_later(self._ttl, self._remove_stream, token)

    def _remove_stream(self, token: str) -> None:
        closing = asyncio.ensure_future(self._by_token.pop(token).close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _not_found(self) -> Refused:
        return Problem.STREAM_NOT_FOUND.refusal(
            f"No event stream has this token. A stream that is not read for {self._ttl:g} s expires; "
            "reserve one with PUT."
        )
