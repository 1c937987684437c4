"""What the shop's HTTP servers share: a raw ASGI app on uvicorn with a body limit, its control, and a stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn

from demo.control import Control

MAX_BODY_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def first_value(self, name: str) -> str | None:
        """The first value of a query parameter that is not empty."""
        return next((value for value in self.query.get(name, []) if value), None)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON response; `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, msgspec.json.encode(value), headers=named)


Handler = Callable[[Request], Awaitable[Response]]
Describe = Callable[[Request], tuple[str, int | None]]
"""The name of a request in the control's list, and its number of items."""


class HttpServer:
    """Serves `answer` on one port; the same port again after a stop."""

    def __init__(self, answer: Handler, control: Control, describe: Describe) -> None:
        self._answer, self._control, self._describe = answer, control, describe
        self.port = 0
        self._server: _Quiet | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int = 0) -> int:
        """Listen and return the port."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port or self.port))
        self.port = int(listening.getsockname()[1])
        listening.listen(512)
        config = uvicorn.Config(
            self._handle_http,
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = _Quiet(config)
        self._running = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started and not self._running.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        return self.port

    async def stop(self) -> None:
        """Close the port and every connection at once."""
        if self._server is None or self._running is None:
            return
        self._server.should_exit = self._server.force_exit = True
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await self._running
        self._server = self._running = None

    async def _handle_http(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > MAX_BODY_SIZE:
                break
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=parse_qs(scope["query_string"].decode("latin-1")),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )
        answering = asyncio.create_task(self._respond(request))
        gone = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                return
            response = answering.result()
            if response is None:
                raise ConnectionAbortedError("dropped on purpose")
            headers = {
                "content-type": response.content_type,
                "content-length": str(len(response.body)),
                **response.headers,
            }
            lines = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": response.status, "headers": lines})
            await send({"type": "http.response.body", "body": response.body})
        except ConnectionAbortedError:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            self._abort_connection(scope)
        finally:
            for task in (answering, gone):
                task.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)

    async def _respond(self, request: Request) -> Response | None:
        failure = await self._control.record_call(*self._describe(request))
        if failure == "error":
            return json_response({"error": "the upstream at 10.1.2.3 has no more connections"}, 500)
        if failure == "garbage":
            return Response(200, b'{"items": [{"id"\xff\xfe', headers={})
        if failure == "drop":
            return None
        return await self._answer(request)

    def _abort_connection(self, scope: MutableMapping[str, Any]) -> None:
        """Break the connection this request came on."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None and transport.get_extra_info("peername")[:2] == tuple(scope["client"]):
                transport.abort()


class _Quiet(uvicorn.Server):
    """A server inside of a process that has its own signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _wait_for_disconnect(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
