"""One HTTP/1.1 connection: the thin asyncio shell around ResponseReader. Used by the asyncio engine's pool."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from contextlib import aclosing
from typing import cast

from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected, UpstreamError
from connectors.transport.contract import HttpReply, Streamed
from connectors.transport.response import PackedReply, ResponseReader

Origin = tuple[bool, str, int]
"""Is TLS used, host, port."""
_IDLE_TIMEOUT = b"HTTP/1.1 408"
"""What some servers send before they close an idle connection: not requested, and harmless."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. Cancelling an exchange closes the connection."""

    def __init__(
        self,
        origin: Origin,
        limit: int,
        on_lost: Callable[[Connection], None],
        on_surplus: Callable[[Connection], None],
    ) -> None:
        """`limit` is the largest body of a response in bytes; `on_surplus` hears of bytes that were not requested."""
        self.origin = origin
        self._on_lost = on_lost
        self._on_surplus = on_surplus
        self.idle_since = 0.0
        """When it was used last, by the clock of its pool, which sets it."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._poll = select.poll()
        self.find_arrived = self._poll.poll
        """Called with 0: something, if bytes have arrived that the event loop has not read yet. They are no answer to
        the next request: they belong to the last one, or say that the upstream closes."""
        self._reader = ResponseReader(limit)
        self._waiter: asyncio.Future[HttpReply | PackedReply] | None = None
        self._is_sent = True
        """Whether the request was sent as a whole."""
        self._room: asyncio.Future[None] | None = None
        """Done when the peer has read enough for more to be written; None while it has."""

    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def has_begun(self) -> bool:
        """Whether any byte of the last response came."""
        return self._reader.has_begun

    def begin(
        self, operation: Operation, request: bytes, *, is_head: bool = False
    ) -> asyncio.Future[HttpReply | PackedReply]:
        """Send a request; `finish` when its response was awaited, whatever came of it.

        Raises UpstreamDisconnected; the future raises that and what the reader raises.
        """
        self._reader.begin(operation, is_head=is_head)
        self._is_sent = True
        if self._transport is None or self._transport.is_closing():
            raise UpstreamDisconnected(operation, "the connection was closed")
        waiter: asyncio.Future[HttpReply | PackedReply] = self._loop.create_future()
        self._waiter = waiter
        self._transport.write(request)
        return waiter

    async def stream(self, body: Streamed) -> None:
        """Send the body of the request that was begun, no faster than the peer reads.

        When the response comes before all of it was sent, the rest is not sent.
        """
        waiter = self._waiter
        assert waiter is not None
        self._is_sent = False
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                if self._room is not None:
                    await asyncio.wait((self._room, waiter), return_when=asyncio.FIRST_COMPLETED)
                if waiter.done() or self._transport is None:
                    return
                self._transport.write(chunk)
        self._is_sent = True

    def finish(self) -> bool:
        """End the exchange that was begun. Whether another one can follow: else the connection is closed now."""
        self._waiter = None
        self._reader.finish()
        if self._reader.has_surplus:
            self._on_surplus(self)
        if self._is_sent and self._reader.may_reuse:
            return self.is_open()
        self.abort()
        return False

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        if (opened := transport.get_extra_info("socket")) is not None:
            self._poll.register(opened.fileno(), select.POLLIN)

    def pause_writing(self) -> None:
        """As asyncio.Protocol."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """As asyncio.Protocol."""
        if self._room is not None:
            self._room.set_result(None)
            self._room = None

    def data_received(self, data: bytes) -> None:
        """As asyncio.Protocol. Unrequested bytes end the connection: they could answer the next request."""
        if self._waiter is None or self._waiter.done():
            if not data.startswith(_IDLE_TIMEOUT):
                self._on_surplus(self)
            self.abort()
            return
        try:
            reply = self._reader.feed(data)
        except UpstreamError as error:
            self._waiter.set_exception(error)
        else:
            if reply is not None:
                self._waiter.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio.Protocol."""
        self._transport = None
        self._on_lost(self)
        if self._waiter is None or self._waiter.done():
            self._reader.close()
            return
        try:
            self._waiter.set_result(self._reader.end())
        except UpstreamError as error:
            error.__cause__ = exc
            self._waiter.set_exception(error)
