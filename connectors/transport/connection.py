"""One HTTP/1.1 connection: the thin asyncio shell around ResponseReader. Used by the asyncio engine's pool."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import cast

from connectors.contract import Operation
from connectors.errors import UpstreamDisconnected, UpstreamError
from connectors.transport.contract import HttpReply, Streamed
from connectors.transport.response import ResponseReader

Origin = tuple[bool, str, int]
"""Is TLS used, host, port."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. Cancelling an exchange closes the connection."""

    def __init__(self, origin: Origin, limit: int, on_lost: Callable[[Connection], None]) -> None:
        """`limit` is the largest body of a response in bytes."""
        self.origin = origin
        self._on_lost = on_lost
        self.idle_since = time.monotonic()
        self._transport: asyncio.Transport | None = None
        self._reader = ResponseReader(limit)
        self._waiter: asyncio.Future[HttpReply] | None = None
        self._room: asyncio.Future[None] | None = None
        """Done when the peer has read enough for more to be written; None while it has."""

    @property
    def is_open(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def has_begun(self) -> bool:
        """Whether any byte of the last response came."""
        return self._reader.has_begun

    async def exchange(
        self, operation: Operation, request: bytes, body: Streamed | None = None, *, is_head: bool = False
    ) -> HttpReply:
        """Send a whole request and wait for its response. Raises UpstreamDisconnected and what the reader raises.

        A response that comes before all of `body` was sent is taken, and the rest not sent.
        """
        reader = self._reader
        reader.begin(operation, is_head=is_head)
        if self._transport is None or self._transport.is_closing():
            raise UpstreamDisconnected(operation, "the connection was closed")
        waiter: asyncio.Future[HttpReply] = asyncio.get_running_loop().create_future()
        self._waiter = waiter
        is_sent = body is None
        try:
            self._transport.write(request)
            if body is not None:
                is_sent = await self._send(body, waiter)
            return await waiter
        finally:
            self._waiter = None
            reader.finish()
            self.idle_since = time.monotonic()
            if not (is_sent and reader.may_reuse):
                self.abort()

    async def _send(self, body: Streamed, waiter: asyncio.Future[HttpReply]) -> bool:
        """Write a body no faster than the peer reads; whether all of it was written before the response came."""
        async with aclosing(body.chunks()) as chunks:
            async for chunk in chunks:
                if self._room is not None:
                    await asyncio.wait((self._room, waiter), return_when=asyncio.FIRST_COMPLETED)
                if waiter.done() or self._transport is None:
                    return False
                self._transport.write(chunk)
        return True

    def abort(self) -> None:
        """Close at once, dropping what was not sent."""
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        """As asyncio.Protocol."""
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """As asyncio.Protocol."""
        if self._room is not None:
            self._room.set_result(None)
            self._room = None

    def data_received(self, data: bytes) -> None:
        """As asyncio.Protocol. Bytes that nobody asked for end the connection: they could answer the next request."""
        if self._waiter is None or self._waiter.done():
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
