"""Cancel the work for a client that has disconnected. Used around every answer over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from bff.http.asgi import ClientGone, Exchange, Receive, wait_for_disconnect
from connectors.aio.interrupt import Interrupt

T = TypeVar("T")

WATCH_DELAY = 0.02
"""Seconds before a watcher is started: most answers come sooner, and a watcher costs more than they do."""


async def while_connected(work: Coroutine[Any, Any, T], exchange: Exchange) -> T:
    """The result of `work`; if the client disconnects first, `work` is cancelled and ClientGone raised."""
    direct = exchange.direct
    if direct is None:
        return await _await_watched(work, exchange.receive)
    if direct.is_gone:
        work.close()
        raise ClientGone
    direct.hung_up = interrupt = Interrupt()
    try:
        return await work
    except asyncio.CancelledError:
        if interrupt.is_ours():
            raise ClientGone from None
        raise  # cancelled from outside: the server stops
    finally:
        direct.hung_up = None


async def _await_watched(work: Awaitable[T], receive: Receive) -> T:
    watch = _Watcher(receive)
    timer = asyncio.get_running_loop().call_later(WATCH_DELAY, watch.start)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.interrupt.is_ours():
            raise ClientGone from None
        raise  # cancelled from outside: the server stops
    finally:
        timer.cancel()
        watch.stop()


class _Watcher:
    """Interrupts the current task when the client disconnects."""

    __slots__ = ("_receive", "_task", "interrupt")

    def __init__(self, receive: Receive) -> None:
        self.interrupt = Interrupt()
        self._receive = receive
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._wait())

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        await wait_for_disconnect(self._receive)
        self.interrupt()
