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
from typing import Any

import structlog
import uvicorn
from uvicorn.supervisors import Multiprocess

from bff.http.asgi import App
from bff.http.options import Options, Tls
from bff.http.server.http_protocol import BoundedHttp
from bff.http.server.websocket_protocol import BoundedWebsocket

try:
    import uvloop
except ImportError:  # not on Windows, nor on PyPy
    uvloop = None  # type: ignore[assignment]  # a module

log = structlog.get_logger("bff.http")

GRACEFUL_SECONDS = 15
"""How long requests under way get when the process is stopped."""
IDLE_SECONDS = 75
"""How long an idle connection is kept: longer than load balancers keep theirs (60 s), so that it is they who close."""
BACKLOG = 2048
_COLLECT = (50_000, 5, 200)
"""New objects before the youngest of them are looked at, and how often that before the older ones are."""


class CannotListen(Exception):
    """The server cannot open; the message says why and what to do."""


class PortInUse(CannotListen):
    """Somebody else listens where we should, or the address is not ours."""


class BadCertificate(CannotListen):
    """The certificate or its key cannot be used."""


def run(main: Coroutine[Any, Any, None]) -> None:
    """`asyncio.run` on the fastest loop there is."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uvloop else None) as runner:
        runner.run(main)


async def serve(
    app: App,
    options: Options,
    *,
    beside: Sequence[Callable[[], Awaitable[None]]] = (),
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until SIGINT or SIGTERM, finishing what is under way.

    `beside` runs while the server does; `started` is told the address once it listens. Raises CannotListen.
    """
    settings = config(app, options)
    listening = listen(options)
    server = uvicorn.Server(settings)
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not running.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    others: list[asyncio.Future[None]] = []
    if server.started:
        started(address(options, listening))
        others = [asyncio.ensure_future(_logged(work)) for work in beside]
    try:
        await running
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        with suppress(OSError):
            listening.close()


def serve_workers(factory: str, options: Options, workers: int) -> None:
    """Serve with several processes that share one socket. `factory` names a function that makes the app.

    Raises CannotListen.
    """
    settings = config(factory, options)
    settings.workers, settings.factory = workers, True
    Multiprocess(settings, [listen(options)]).run()


def settle() -> None:
    """Tell the garbage collector that what is there now stays, and to look less often at what comes and goes.

    Python looks after every 700 objects by default: a quarter of a busy gateway's time, and three pauses of 50 ms in
    one answer of 100,000 records (measured).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def listen(options: Options) -> socket.socket:
    """A listening socket. Raises PortInUse."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only if it is told
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((options.host, options.port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            message = f"port {options.port} of {options.host} is in use"
            raise PortInUse(f"{message}; stop what listens there, or choose another with --port") from error
        message = f"cannot listen at {options.host}:{options.port}: {error.strerror}"
        raise PortInUse(f"{message}; choose another with --host and --port") from error
    made.setblocking(False)
    return made


def address(options: Options, listening: socket.socket) -> str:
    """The URL that a person on this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104 - names it, does not bind
    host = f"[{host}]" if ":" in host else host
    return f"{'https' if options.tls else 'http'}://{host}:{listening.getsockname()[1]}"


def config(app: App | str, options: Options) -> uvicorn.Config:
    """Uvicorn's settings: the fast parts, our bounds, our own logs. Raises BadCertificate."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_of_ours)
    tls: dict[str, Any] = {}
    if options.tls:
        _check(options.tls)
        tls = {"ssl_certfile": str(options.tls.cert), "ssl_keyfile": str(options.tls.key)}
    return uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        interface="asgi3",
        http=BoundedHttp,
        ws=BoundedWebsocket,
        ws_max_size=options.max_body_size,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=BACKLOG,
        lifespan="on",
        **tls,
    )


def _is_of_ours(record: logging.LogRecord) -> bool:
    """Whether a line is about us: what a client sends on a websocket is no error here, and no traceback."""
    return record.msg != "Invalid UTF-8 sequence received from client."


def _check(tls: Tls) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error.strerror
        message = f"server.tls: {tls.cert} and {tls.key} cannot be used: {reason}; both must be PEM and belong together"
        raise BadCertificate(message) from error


async def _logged(work: Callable[[], Awaitable[None]]) -> None:
    """Work beside the server; should it fail, the server goes on and the log says so."""
    try:
        await work()
    except Exception:
        log.exception("beside_failed")
