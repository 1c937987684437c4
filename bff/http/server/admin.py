"""The admin port: a second server in the same process, open while the service is. Used by the door and `bff serve`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from bff.http.asgi import App
from bff.http.options import Admin, Options, Timeouts
from bff.http.server.run import BACKLOG, PortInUse, make_server


@contextlib.asynccontextmanager
async def open_admin(app: App, admin: Admin) -> AsyncIterator[int]:
    """Serve `app` at the admin port, whose number is yielded. Raises PortInUse."""
    listening = _listen(admin, is_shared=True)
    server = make_server(app, Options(host=admin.host, port=admin.port, grace_period=1.0), Timeouts(idle_at_stop=0.0))
    server.config.lifespan = "off"
    server.is_last = server.handles_signals = False
    running = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.stop()
        await asyncio.gather(running, return_exceptions=True)
        with contextlib.suppress(OSError):
            listening.close()


def check_admin(options: Options) -> None:
    """Raise PortInUse if the admin port cannot be opened: before the server starts, to say so in one line."""
    if options.admin is not None:
        _listen(options.admin, is_shared=False).close()


def _listen(admin: Admin, *, is_shared: bool) -> socket.socket:
    """A listening socket; all workers of one gateway share the port."""
    listening = socket.socket(socket.AF_INET6 if ":" in admin.host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((admin.host, admin.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        message = f"server.admin: cannot listen at {admin.host}:{admin.port}: {error.strerror}; choose another port"
        raise PortInUse(message) from error
    listening.setblocking(False)
    return listening
