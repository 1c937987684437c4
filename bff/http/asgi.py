"""The parts of ASGI 3 that this room uses: its types, one HTTP exchange, and the headers of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from itertools import chain
from typing import Any, Protocol

from bff.contract import Refused
from bff.http.extensions import get_abort, get_direct, get_stop_event, is_leaving
from bff.http.response_room import ResponseRoom
from bff.http.security_headers import DATA
from connectors.aio.cooperative import LARGE, yield_to_loop

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_WITHOUT_BODY = frozenset((204, 304))


class ClientGone(Exception):
    """The client disconnected before the response; nothing more can be sent."""


class Compressor(Protocol):
    """What compresses whole responses (bff.http.responses.compression)."""

    def fits(self, size: int) -> bool:
        """Whether a body of this size is compressed for clients that accept it."""

    def choose(self, accept_encoding: str | None, size: int) -> str | None:
        """The coding for a body of `size` bytes; None to leave it as it is."""

    async def compress(self, coding: str, body: bytes) -> bytes:
        """The body in this coding."""


class Closeable(Protocol):
    """What is closed when a request is over."""

    def close(self) -> None:
        """Give back what it holds."""


class Exchange:
    """One HTTP request and the way to answer it."""

    __slots__ = (
        "accept",
        "added",
        "compression",
        "direct",
        "files",
        "fixed",
        "headers",
        "method",
        "path",
        "receive",
        "request_id",
        "room",
        "scope",
        "send",
        "started",
        "vary",
    )

    accept: Any
    """What the client accepts, as `responses.negotiate` reads it; set by the check of the transport."""

    room: ResponseRoom
    """What bounds the large responses of the process; set by the door."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], request_id: str) -> None:
        """`headers` have names in lower case; `request_id` is sent back as `x-request-id`."""
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers = headers
        self.request_id = request_id
        self.method: str = scope["method"]
        self.path = get_path(scope)
        self.started = False
        self.added: dict[str, str] = {}
        """Headers of every response, a refusal too."""
        self.vary: tuple[str, ...] = ()
        """Request headers that the response depends on, beside those that `respond` is given."""
        self.files: tuple[Closeable, ...] = ()
        """Files that the client sent, and their share of memory; the door closes them when the request is over."""
        self.fixed = DATA
        """Headers of the response's kind."""
        self.compression: Compressor | None = None
        """What compresses whole responses; None leaves them as they are."""
        self.direct = get_direct(scope)
        """The fast path of this package's own server; None on others."""

    @property
    def root(self) -> str:
        """The path where the application is mounted; links to its own paths begin with it."""
        root: str = self.scope.get("root_path", "")
        return root.rstrip("/")

    @property
    def abort(self) -> Callable[[], None]:
        """What ends the connection without waiting for its reader; nothing on a server that offers none."""
        return get_abort(self.scope)

    @property
    def stop_event(self) -> asyncio.Event | None:
        """Set when the server begins to stop; None on a server without lifespan state."""
        return get_stop_event(self.scope)

    @property
    def is_leaving(self) -> bool:
        """Whether the server will stop, though it still takes requests."""
        return is_leaving(self.scope)

    @property
    def client(self) -> str:
        """The network address of the peer, without its port."""
        client = self.scope.get("client")
        return client[0] if client else ""

    async def respond(
        self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole response; 204 and 304 have no body (RFC 9110, sections 15.3.5 and 15.4.5)."""
        compression = self.compression
        if compression is not None and compression.fits(len(body)):
            self.vary = (*self.vary, "accept-encoding")
            coding = compression.choose(self.headers.get("accept-encoding"), len(body))
            if coding is not None:
                body = await compression.compress(coding, body)
                headers = {**(headers or {}), "content-encoding": coding}
        lines = self._make_lines(content_type, headers)
        if status in _WITHOUT_BODY:
            lines, body = lines[1:], b""
        else:
            lines.append((b"content-length", b"%d" % len(body)))
        self.started = True
        direct, fixed = self.direct, self.fixed
        if direct is not None and len(body) <= LARGE and direct.respond(status, lines, body, fixed.rendered):
            return
        await self.send({"type": "http.response.start", "status": status, "headers": [*fixed.lines, *lines]})
        await self._send_slices(body)

    async def wait_for_room(self, value: Any) -> None:
        """Return when the JSON of `value` may be made. Raises Refused; ClientGone where the response has begun."""
        direct = self.direct
        try:
            await self.room.wait(value, self.abort if direct is None else direct.make_room)
        except Refused:
            if not self.started:
                raise
            self.abort()
            raise ClientGone from None

    async def _send_slices(self, body: bytes) -> None:
        start, direct = 0, self.direct
        if direct is not None:
            direct.unwritten = len(body)  # all of it is in memory until the last slice is written
        while len(body) - start > LARGE:
            await yield_to_loop()
            await self.send({"type": "http.response.body", "body": body[start : start + LARGE], "more_body": True})
            start += LARGE
        await self.send({"type": "http.response.body", "body": body[start:]})
        if direct is not None:
            direct.unwritten = 0

    def coding_for(self, size: int) -> str | None:
        """The coding for a body of this size, or None. Adds `accept-encoding` to `vary` if it matters."""
        if self.compression is None or not self.compression.fits(size):
            return None
        self.vary = (*self.vary, "accept-encoding")
        return self.compression.choose(self.headers.get("accept-encoding"), size)

    async def start(self, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Start a response of unknown length; `write` sends its parts."""
        self.started = True
        if self.direct is not None:
            self.direct.begin_stream()
        lines = [*self.fixed.lines, *self._make_lines(content_type, headers)]
        await self.send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, part: bytes, *, is_last: bool = False) -> None:
        """Send a part of the body. Waits while the client does not read (backpressure)."""
        sending = self.send({"type": "http.response.body", "body": part, "more_body": not is_last})
        if len(part) <= LARGE:
            await sending
            return
        with self.room.holding(len(part)):
            await sending

    def _make_lines(self, content_type: str, headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
        lines = [
            (b"content-type", content_type.encode("latin-1")),
            (b"x-request-id", self.request_id.encode("latin-1")),
        ]
        own = {**self.added, **headers} if headers else self.added
        vary = self.vary
        if own:
            if vary and "vary" in own:
                own = dict(own)
                vary = (own.pop("vary"), *vary)
            lines += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in own.items()]
        if vary:
            lines.append((b"vary", ", ".join(dict.fromkeys(vary)).encode("latin-1")))
        return lines


def read_headers(scope: Scope) -> dict[str, str]:
    """The request's headers; ASGI gives their names in lower case. Repeats are joined (RFC 9110, section 5.3)."""
    raw = scope["headers"]
    fields = b"\n".join(chain.from_iterable(raw)).decode("latin-1").split("\n")  # no loop over headers, but in C
    each = iter(fields)
    headers: dict[str, str] = dict(zip(each, each, strict=False))
    if len(headers) < len(raw) or len(fields) != 2 * len(raw):
        headers = {}
        for raw_name, raw_value in raw:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name in headers:
                value = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{value}"
            headers[name] = value
    return headers


def get_client(scope: Scope) -> str:
    """The network address of the peer, without its port; empty if the server does not know it."""
    client = scope.get("client")
    return client[0] if client else ""


def get_path(scope: Scope) -> str:
    """The path below the place where the application is mounted (`root_path`)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
