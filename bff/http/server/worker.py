"""One of several processes that serve one listening socket, and how they are started. Called by the command line."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection

from bff.http.asgi import App
from bff.http.options import Options
from bff.http.server.run import address, listen, make_server, run
from bff.http.server.server import Server
from bff.http.server.workers import ABORT, INTERRUPT, RETIRE, STARTED, STOP, Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a worker serves."""

    app: App
    options: Options


Prepare = Callable[[], Served]
"""Makes what a worker serves; called in the worker's own process, so it must be importable by name."""


def serve_workers(
    prepare: Prepare, options: Options, workers: int, started: Callable[[str], None] = lambda address: None
) -> None:
    """Serve with several processes until a signal. `started` is called with the address once one of them serves.

    Raises CannotListen, and WorkerFailed if none can start.
    """
    listening = listen(options)
    shown = address(options, listening)
    Workers(partial(_serve_as_worker, prepare), listening, workers, started=lambda: started(shown)).run()


def _serve_as_worker(prepare: Prepare, listening: socket.socket, pipe: Connection) -> None:
    """One worker process. It leaves the terminal's Ctrl-C to the parent, which tells it what to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run(_serve_until_told(prepare(), listening, pipe))


async def _serve_until_told(served: Served, listening: socket.socket, pipe: Connection) -> None:
    server = make_server(served.app, served.options)
    server.is_worker, server.is_last = True, False
    loop = asyncio.get_running_loop()
    threading.Thread(target=_obey, args=(server, pipe, loop), daemon=True).start()
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    if server.started:
        with suppress(OSError):
            pipe.send_bytes(STARTED)
    await running


def _obey(server: Server, pipe: Connection, loop: asyncio.AbstractEventLoop) -> None:
    """Do what the parent says, from a thread of its own; stop if there is no parent any more."""
    is_alone = False
    ways = {ABORT: server.stop_now, INTERRUPT: server.stop_without_delay}
    while not is_alone:
        try:
            command = pipe.recv_bytes()
        except (EOFError, OSError):
            command, is_alone = STOP, True
        server.is_last = command != RETIRE
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(ways.get(command, server.stop))
