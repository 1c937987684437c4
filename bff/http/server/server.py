"""The server of one process: uvicorn's, with a stop that loses no request. Used by bff.http.server.run and workers.

The order of a stop: /ready answers 503; after `shutdown_delay` the listening socket takes no new handshake, what is in
its queue is accepted, and it closes; each connection closes with its next response, or after a moment without one;
what is left after `grace_period` is aborted. A second signal aborts at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import select
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import uvicorn

from bff.http.extensions import announce_leaving
from bff.http.options import Options, Timeouts
from bff.http.server.load import Load, raise_file_limit
from bff.observability.logger import get_logger

log = get_logger("bff.http")

_TICK = 0.05
_SO_ATTACH_FILTER = 26  # Linux; the socket module has no name for it
_DROP_NEW = ((0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
"""A BPF program over a TCP header: drop a segment with SYN, keep any other."""
_ACCEPT_SECONDS = 1.0
"""How long the queue of the listening socket may take to become empty."""


class Server(uvicorn.Server):
    """Serves until `stop` or a signal."""

    def __init__(self, config: uvicorn.Config, options: Options, timeouts: Timeouts, load: Load) -> None:
        super().__init__(config)
        self._options, self._timeouts, self._load = options, timeouts, load
        self._watch: asyncio.Task[None] | None = None
        self._waits_for_balancers = True
        self.is_last = True
        """Whether no other process goes on with the listening socket, which then drops new handshakes."""
        self.handles_signals = True
        """False where another server of the process does."""
        self.is_worker = False
        """Whether a parent process decides; then signals that a terminal sends to all are left to it."""
        self.reload: Callable[[], None] = lambda: log.info("reload_ignored", reason="this process cannot reload")
        """Called at SIGHUP."""

    def stop(self) -> None:
        """Begin to stop, as at the first SIGTERM."""
        self.should_exit = True

    def stop_without_delay(self) -> None:
        """Begin to stop, as at the first Ctrl-C."""
        self._waits_for_balancers = False
        self.should_exit = True

    def stop_now(self) -> None:
        """Abort what is under way, as at the second signal."""
        self.should_exit = self.force_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal stops, the second aborts. Ctrl-C is of a person, and no load balancer must notice first."""
        self.force_exit = self.should_exit
        self._waits_for_balancers = sig != signal.SIGINT
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals; unlike uvicorn's, it does not raise them again after a stop that went well."""
        if not self.handles_signals or threading.current_thread() is not threading.main_thread():
            yield
            return
        handlers: dict[int, Any] = {signal.SIGTERM: self.handle_exit}
        if self.is_worker:
            handlers[signal.SIGINT] = signal.SIG_IGN
        else:
            handlers[signal.SIGINT] = self.handle_exit
        if hasattr(signal, "SIGHUP"):
            handlers[signal.SIGHUP] = signal.SIG_IGN if self.is_worker else lambda *_: self.reload()
        originals = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, original in originals.items():
                signal.signal(number, original)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the application and listen."""
        raise_file_limit()
        await super().startup(sockets)
        self._watch = asyncio.create_task(self._load.unsent.watch(self.server_state.connections))

    async def main_loop(self) -> None:
        """Serve until the stop, and go on for `shutdown_delay` while /ready says so."""
        await super().main_loop()
        delay = self._options.shutdown_delay if self._waits_for_balancers else 0.0
        if self.handles_signals:
            log.info("stopping", delay=delay, grace=self._options.grace_period)
        announce_leaving(self.lifespan.state)
        end = asyncio.get_running_loop().time() + delay
        while not self.force_exit and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_TICK)
            await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests under way finish, and close the application."""
        listening = sockets or []
        announce_leaving(self.lifespan.state)
        self._load.is_stopping = True
        if self.is_last and not self.force_exit:
            await _accept_rest(listening)
        for server in self.servers:
            server.close()
        for each in listening:
            each.close()
        self._shut_connections()
        await self._drain()
        if self._watch is not None:
            self._watch.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.lifespan.shutdown(), 0.5 if self.force_exit else self._timeouts.lifespan_end)

    def _shut_connections(self) -> None:
        """Ask each connection to end; one that fails to do so is aborted and does not keep others."""
        for each in list(self.server_state.connections):
            try:
                each.shutdown()
            except Exception:
                log.exception("shutdown_failed")
                each.transport.abort()

    async def _drain(self) -> None:
        """Wait for connections and tasks until `grace_period` is over, then abort them."""
        loop, state = asyncio.get_running_loop(), self.server_state
        end = loop.time() + self._options.grace_period
        while (state.connections or state.tasks) and not self.force_exit and loop.time() < end:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(_TICK)
        if not state.connections and not state.tasks:
            return
        log.warning("stop_aborted", connections=len(state.connections), tasks=len(state.tasks))
        for each in list(state.connections):
            each.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.wait([asyncio.create_task(asyncio.sleep(_TICK)), *state.tasks], timeout=_TICK * 10)


async def _accept_rest(listening: Sequence[socket.socket]) -> None:
    """Accept the connections that wait, and let no new handshake begin: a close would reset those in the queue.

    A client whose handshake is dropped tries again, and is refused or reaches another server.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + _ACCEPT_SECONDS
    for each in listening:
        _drop_handshakes(each)
        await asyncio.sleep(_TICK)  # handshakes under way are finished
        while _has_waiting(each) and loop.time() < end:  # noqa: ASYNC110 - the loop accepts meanwhile
            await asyncio.sleep(0)


def _drop_handshakes(listening: socket.socket) -> None:
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _DROP_NEW))
    with contextlib.suppress(OSError):  # on other systems those in the queue are reset
        pointer = struct.pack("HL", len(_DROP_NEW), ctypes.addressof(program))
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)


def _has_waiting(listening: socket.socket) -> bool:
    return bool(select.select([listening], [], [], 0)[0])
