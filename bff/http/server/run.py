"""Run the ASGI app on uvicorn. Called by the command line."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import uvicorn

from bff.http.asgi import App
from bff.http.options import Options, Timeouts, Tls
from bff.http.server.http_protocol import BoundedHttp
from bff.http.server.inbox import Inboxes
from bff.http.server.load import Load
from bff.http.server.server import Server
from bff.http.server.websocket_protocol import BoundedWebsocket
from bff.observability.logger import get_logger

try:
    import uvloop
except ImportError:  # not on Windows, nor on PyPy
    uvloop = None  # type: ignore[assignment]  # a module

log = get_logger("bff.http")

BACKLOG = 2048
_ABOUT_CLIENTS = (
    "Invalid UTF-8 sequence received from client.",
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
)
_GC_THRESHOLDS = (50_000, 5, 200)
"""New objects before the youngest generation is collected, and collections before the next older one is."""


class CannotListen(Exception):
    """The server cannot start; the message says why and what to do."""


class PortInUse(CannotListen):
    """Another process listens at the address, or the address is not one of this machine."""


class BadCertificate(CannotListen):
    """The certificate or its key cannot be used."""


def run(main: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` on uvloop where it is installed."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(main)


async def serve(
    app: App,
    options: Options,
    *,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
    started: Callable[[str], None] = lambda address: None,
    timeouts: Timeouts | None = None,
    reload: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests under way.

    `beside` runs while the server does; `started` is called with the address once it listens; `reload` is run at
    SIGHUP. Raises CannotListen.
    """
    server = make_server(app, options, timeouts)
    listening = listen(options)
    if reload is not None:
        server.reload = _run_at_signal(reload)
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    others: list[asyncio.Future[None]] = []
    if server.started:
        started(address(options, listening))
        others = [asyncio.ensure_future(_run_beside(work)) for work in beside]
    try:
        await running
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        with suppress(OSError):
            listening.close()


def make_server(app: App, options: Options, timeouts: Timeouts | None = None) -> Server:
    """The server of one process. Raises BadCertificate."""
    timeouts, load = timeouts or Timeouts(), Load(options)
    return Server(config(app, options, timeouts, load), options, timeouts, load)


def settle() -> None:
    """Exempt the objects that exist now from garbage collection, and collect later ones less often.

    By default Python collects after every 700 objects: a quarter of a busy gateway's time, and three pauses of 50 ms in
    one answer of 100,000 records (measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def listen(options: Options) -> socket.socket:
    """A listening socket. Raises PortInUse."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(
        family, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio sets TCP_NODELAY only for this protocol
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {options.port} of {options.host} is in use"
            raise PortInUse(f"{message}; stop what listens there, or choose another port with --port") from error
        message = f"cannot listen at {options.host}:{options.port}: {error.strerror}"
        raise PortInUse(f"{message}; choose another address with --host and --port") from error
    listening.setblocking(False)
    return listening


def address(options: Options, listening: socket.socket) -> str:
    """The URL that a person on this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104 - names it, does not bind
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if options.tls else 'http'}://{host}:{listening.getsockname()[1]}"


def config(app: App, options: Options, timeouts: Timeouts, load: Load) -> uvicorn.Config:
    """Uvicorn's settings: this room's protocols, limits and logs. Raises BadCertificate."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_about_server)
    tls: dict[str, Any] = {}
    if options.tls:
        _check_certificate(options.tls)
        tls = {"ssl_certfile": str(options.tls.cert), "ssl_keyfile": str(options.tls.key)}
    return uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        interface="asgi3",
        http=partial(BoundedHttp, timeouts=timeouts, load=load),  # type: ignore[arg-type]  # uvicorn only calls it
        ws=partial(BoundedWebsocket, timeouts=timeouts, load=load, inboxes=Inboxes(options.websocket)),  # type: ignore[arg-type]  # the same
        ws_per_message_deflate=False,  # `BoundedWebsocket` has its own
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        timeout_keep_alive=timeouts.idle_connection,  # type: ignore[arg-type]  # only added to the loop's time,
        backlog=BACKLOG,
        lifespan="on",
        **tls,
    )


def _is_about_server(record: logging.LogRecord) -> bool:
    """Whether a log line is about the server: bytes that a client sends are no error of it."""
    return record.msg not in _ABOUT_CLIENTS


def _check_certificate(tls: Tls) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error.strerror
        message = f"server.tls: {tls.cert} and {tls.key} cannot be used: {reason}; both must be PEM and belong together"
        raise BadCertificate(message) from error


def _run_at_signal(work: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """What a signal handler calls to run `work` in this loop, once at a time."""
    loop = asyncio.get_running_loop()
    running: list[asyncio.Future[None]] = []

    def start() -> None:
        if not running or running[0].done():
            running[:] = [asyncio.ensure_future(_run_beside(work))]

    def request() -> None:
        loop.call_soon_threadsafe(start)

    return request


async def _run_beside(work: Callable[[], Awaitable[None]]) -> None:
    """Run work beside the server; if it fails, the server goes on and the failure is logged."""
    try:
        await work()
    except Exception:
        log.exception("beside_failed")
