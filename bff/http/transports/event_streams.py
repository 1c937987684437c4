"""Event streams that outlive one connection: reserved by token, read by one client, resumed from a short memory.

Used by `single_connection`. A stream exists in this process alone: with several workers or replicas, the load balancer
must send all requests with one token to the same process.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from bff.contract import Problem, Refused
from bff.http.extensions import do_nothing
from bff.http.options import Subscriptions, Timeouts
from bff.http.transports.sse import encode_event
from bff.observability.metrics import count_refusal
from connectors.aio.clock import Timer

MAX_BUFFERED = 256_000
"""Bytes of events that were not read, beside one event, and of those that were read and can be read again."""


class EventStream:
    """The events of many operations for one reader, numbered from 1.

    Holds at most `buffer` events, or MAX_BUFFERED, that were not read, where writers wait, and as many that were read.
    """

    def __init__(self, buffer: int) -> None:
        self._buffer = buffer
        self._events: deque[bytes] = deque()
        self._last = 0
        """Number of the newest event, which is the end of `_events`."""
        self._read = 0
        """Number of the event that was read last."""
        self._unread_size = self._read_size = 0
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_id: dict[str, asyncio.Task[None]] = {}
        self.is_open = False
        self.abort: Callable[[], None] = do_nothing
        """Aborts the reader's connection."""

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
        """Add an event; waits while `buffer` events, or MAX_BUFFERED, are not read."""
        while self._last - self._read >= self._buffer or self._unread_size > MAX_BUFFERED:
            await self._wait_for_change()
        self._last += 1
        event = encode_event(kind, data, self._last)
        self._events.append(event)
        self._unread_size += len(event)
        self._changed.set()

    def resume_after(self, number: int) -> None:
        """Go back to the event after this one. Raises Refused if that is not buffered any more, or never was."""
        if not self._last - len(self._events) <= number <= self._last:
            raise Problem.EVENTS_LOST.refusal(
                "The event after Last-Event-ID is not kept any more; reserve a new stream."
            )
        self._read = number
        unread = len(self._events) - (self._last - number)
        self._unread_size = sum(len(event) for event in list(self._events)[unread:])
        self._read_size = sum(map(len, self._events)) - self._unread_size

    async def read_events(self) -> AsyncGenerator[bytes, None]:
        """The events that were not read, without end."""
        while True:
            while self._read == self._last:
                await self._wait_for_change()
            event = self._events[self._read - self._last]
            self._read += 1
            self._unread_size -= len(event)
            self._read_size += len(event)
            self._forget_oldest()
            self._changed.set()
            yield event

    def _forget_oldest(self) -> None:
        """Keep of the events that were read as many as may be read again, and always the newest."""
        count = len(self._events) - (self._last - self._read)
        while count > 1 and (count > self._buffer or self._read_size > MAX_BUFFERED):
            self._read_size -= len(self._events.popleft())
            count -= 1

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _forget_task(self, id: str, task: asyncio.Task[None]) -> None:  # noqa: A002
        self._tasks.discard(task)
        if self._by_id.get(id) is task:
            del self._by_id[id]


@dataclass(slots=True)
class _Reservation:
    """A token, and whose share it takes; it has a stream from its first use on."""

    share: str
    stream: EventStream | None = None
    expiry: Timer | None = None


class EventStreams:
    """The event streams of this process, by their tokens."""

    def __init__(self, options: Subscriptions, timeouts: Timeouts) -> None:
        """A stream without a reader is removed after `timeouts.unread_stream`."""
        self._options = options
        self._ttl, self._clock = timeouts.unread_stream, timeouts.clock
        self._by_token: dict[str, _Reservation] = {}
        self._shares: Counter[str] = Counter()
        self._closing: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._by_token)

    def reserve(self, address: str) -> str:
        """A token of 256 random bits for a new stream. Raises Refused if there, or from this address, are too many."""
        share, options = find_share(address), self._options
        if len(self._by_token) >= options.max_streams:
            message = f"All {options.max_streams} event streams of server.subscriptions.max_streams are in use."
            raise self._refuse(message)
        if self._shares[share] >= options.max_streams_per_address:
            raise self._refuse(
                f"This address has {options.max_streams_per_address} event streams, as many as it may "
                "(server.subscriptions.max_streams_per_address)."
            )
        token = f"es-{secrets.token_urlsafe(32)}"
        self._by_token[token] = _Reservation(share)
        self._shares[share] += 1
        self._schedule_expiry(token)
        return token

    def find(self, token: str) -> EventStream:
        """The stream of a token. Raises Refused if there is none."""
        reservation = self._by_token.get(token)
        if reservation is None:
            raise self._not_found()
        if reservation.stream is None:
            reservation.stream = EventStream(self._options.buffer)
        return reservation.stream

    @contextmanager
    def open(self, token: str, after: int | None) -> Iterator[EventStream]:
        """The stream for its reader, of which there may be one at a time; it resumes after event number `after`."""
        stream, reservation = self.find(token), self._by_token[token]
        if stream.is_open:
            raise Problem.STREAM_OPEN.refusal("Another connection reads this event stream; only one may.")
        if after is not None:
            stream.resume_after(after)
        if reservation.expiry is not None:
            reservation.expiry.cancel()
        stream.is_open = True
        try:
            yield stream
        finally:
            stream.is_open, stream.abort = False, do_nothing
            self._schedule_expiry(token)

    async def close(self) -> None:
        """Close all streams."""
        reservations = list(self._by_token.values())
        self._by_token.clear()
        self._shares.clear()
        for reservation in reservations:
            if reservation.expiry is not None:
                reservation.expiry.cancel()
        streams = [reservation.stream for reservation in reservations if reservation.stream is not None]
        await asyncio.gather(*(stream.close() for stream in streams), *self._closing)

    def _schedule_expiry(self, token: str) -> None:
        reservation = self._by_token.get(token)
        if reservation is not None:
            reservation.expiry = self._clock.call_later(self._ttl, self._remove_stream, token)

    def _remove_stream(self, token: str) -> None:
        reservation = self._by_token.pop(token)
        self._shares[reservation.share] -= 1
        if not self._shares[reservation.share]:
            del self._shares[reservation.share]
        if reservation.stream is not None:
            closing = asyncio.ensure_future(reservation.stream.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def _refuse(self, message: str) -> Refused:
        count_refusal(Problem.TOO_MANY_STREAMS.name)
        return Problem.TOO_MANY_STREAMS.refusal(message, retry_after=str(int(self._ttl) or 1))

    def _not_found(self) -> Refused:
        return Problem.STREAM_NOT_FOUND.refusal(
            f"No event stream has this token. A stream that is not read for {self._ttl:g} s expires; "
            "reserve one with PUT."
        )


def find_share(address: str) -> str:
    """Whose streams are counted together: an IPv4 address, or an IPv6 network of 64 bits, which is one subscriber's."""
    if ":" not in address:
        return address
    try:
        return str(ip_network(f"{address.partition('%')[0]}/64", strict=False))
    except ValueError:
        return address
