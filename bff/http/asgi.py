"""The parts of ASGI 3 that this room uses: its types, one HTTP exchange, and the headers of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import IO, Any, Protocol

from bff.http.extensions import get_direct
from connectors.aio.cooperative import LARGE, yield_to_loop

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_WITHOUT_BODY = frozenset((204, 304))


class ClientGone(Exception):
    """The client hung up before it was answered; nobody is left to tell."""


class Compressor(Protocol):
    """What compresses whole responses (bff.http.responses.compression)."""

    def fits(self, size: int) -> bool:
        """Whether a body of this size is compressed for clients that accept it."""

    def choose(self, accept_encoding: str | None, size: int) -> str | None:
        """The coding for a body of `size` bytes; None to leave it as it is."""

    async def compress(self, coding: str, body: bytes) -> bytes:
        """The body in this coding."""


class Exchange:
    """One HTTP request and the way to answer it."""

    __slots__ = (
        "added",
        "compression",
        "direct",
        "files",
        "headers",
        "method",
        "path",
        "receive",
        "request_id",
        "scope",
        "send",
        "started",
        "vary",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, headers: dict[str, str], request_id: str) -> None:
        """`headers` have names in lower case; `request_id` is sent back as `x-request-id`."""
        self.scope = scope
        self.receive = receive
        self.send = send
        self.headers = headers
        self.request_id = request_id
        self.method: str = scope["method"]
        self.path = path_of(scope)
        self.started = False
        self.added: dict[str, str] = {}
        """Headers of the response, whatever it will be."""
        self.vary: tuple[str, ...] = ()
        """Request headers that the response depends on, besides those that its maker names."""
        self.files: tuple[IO[bytes], ...] = ()
        """What the client sent; closed when the request is over."""
        self.compression: Compressor | None = None
        """What makes whole responses smaller; None leaves them as they are."""
        self.direct = get_direct(scope)
        """What the server offers beside ASGI."""

    @property
    def root(self) -> str:
        """Where the application is mounted: what links to its own paths begin with."""
        root: str = self.scope.get("root_path", "")
        return root.rstrip("/")

    async def respond(
        self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a whole response; 204 and 304 have no body (RFC 9110, sections 15.3.5 and 15.4.5)."""
        compression = self.compression
        coding = self.coding_for(len(body)) if compression is not None and compression.fits(len(body)) else None
        if coding is not None and compression is not None:
            body = await compression.compress(coding, body)
            headers = {**(headers or {}), "content-encoding": coding}
        lines = self._lines(content_type, headers)
        if status in _WITHOUT_BODY:
            lines, body = lines[1:], b""
        else:
            lines.append((b"content-length", b"%d" % len(body)))
        self.started = True
        if self.direct is not None and len(body) <= LARGE and self.direct.respond(status, lines, body):
            return
        await self.send({"type": "http.response.start", "status": status, "headers": lines})
        start = 0
        while len(body) - start > LARGE:
            await yield_to_loop()
            await self.send({"type": "http.response.body", "body": body[start : start + LARGE], "more_body": True})
            start += LARGE
        await self.send({"type": "http.response.body", "body": body[start:]})

    def coding_for(self, size: int) -> str | None:
        """How a body of this size will be compressed; None when it will not be. Notes that this depends on a header."""
        if self.compression is None or not self.compression.fits(size):
            return None
        self.vary = (*self.vary, "accept-encoding")
        return self.compression.choose(self.headers.get("accept-encoding"), size)

    async def start(self, status: int, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Start a response of unknown length; `write` sends its parts."""
        self.started = True
        lines = self._lines(content_type, headers)
        await self.send({"type": "http.response.start", "status": status, "headers": lines})

    async def write(self, part: bytes, *, is_last: bool = False) -> None:
        """Send a part of the body. Waits while the client does not read (backpressure)."""
        await self.send({"type": "http.response.body", "body": part, "more_body": not is_last})

    def _lines(self, content_type: str, headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
        lines = [
            (b"content-type", content_type.encode("latin-1")),
            (b"x-request-id", self.request_id.encode("latin-1")),
        ]
        own = {**self.added, **headers} if headers else self.added
        if self.vary:
            told = (*filter(None, [own.get("vary")]), *self.vary)
            own = {**own, "vary": ", ".join(dict.fromkeys(told))}
        if own:
            lines += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in own.items()]
        return lines


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers; ASGI gives their names in lower case. Repeats are joined (RFC 9110, section 5.3)."""
    raw = scope["headers"]
    found: dict[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    if len(found) < len(raw):
        found = {}
        for raw_name, raw_value in raw:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            if name in found:
                value = f"{found[name]}{'; ' if name == 'cookie' else ', '}{value}"
            found[name] = value
    return found


def path_of(scope: Scope) -> str:
    """The path below the place where the application is mounted (`root_path`)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def hung_up(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
