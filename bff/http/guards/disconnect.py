"""Stop working for a client that has hung up. Used around every answer over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from bff.http.asgi import ClientGone, Exchange, Receive, hung_up
from connectors.aio.interrupt import Interrupt

T = TypeVar("T")

PATIENCE = 0.02
"""Seconds before anybody watches for a hang-up: most answers come sooner, and a watcher costs more than they do."""


async def while_connected(work: Coroutine[Any, Any, T], exchange: Exchange) -> T:
    """The result of `work`; when the client hangs up first, `work` is cancelled and ClientGone raised."""
    direct = exchange.direct
    if direct is None:
        return await _watched(work, exchange.receive)
    if direct.is_gone:
        work.close()
        raise ClientGone
    direct.hung_up = interrupt = Interrupt()
    try:
        return await work
    except asyncio.CancelledError:
        if interrupt.is_ours():
            raise ClientGone from None
        raise  # somebody else cancelled us: the server stops
    finally:
        direct.hung_up = None


async def _watched(work: Awaitable[T], receive: Receive) -> T:
    watch = _Watch(receive)
    timer = asyncio.get_running_loop().call_later(PATIENCE, watch.start)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.interrupt.is_ours():
            raise ClientGone from None
        raise  # somebody else cancelled us: the server stops
    finally:
        timer.cancel()
        watch.stop()


class _Watch:
    """Interrupts the current task when the client hangs up."""

    __slots__ = ("_receive", "_watcher", "interrupt")

    def __init__(self, receive: Receive) -> None:
        self.interrupt = Interrupt()
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._watcher = asyncio.ensure_future(self._watch())

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        await hung_up(self._receive)
        self.interrupt()
