"""Stop working for a client that has hung up. Used around every answer over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from bff.http.asgi import ClientGone, Receive, hung_up
from bff.http.interrupt import Interrupt

T = TypeVar("T")

PATIENCE = 0.02
"""Seconds before anybody watches for a hang-up: most answers come sooner, and a watcher costs more than they do."""


async def while_connected(work: Awaitable[T], receive: Receive) -> T:
    """The result of `work`; when the client hangs up first, `work` is cancelled and ClientGone raised."""
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
