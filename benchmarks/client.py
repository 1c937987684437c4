"""An even load over raw sockets: every connection sends its next request as soon as its answer is whole."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
ANSWER_SECONDS = 60.0
"""How long any single answer may take before the measurement is given up."""


class WrongAnswer(Exception):
    """A server answered something else than it must."""


def post(path: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one request."""
    lines = {
        "host": "localhost",
        "content-type": "application/json",
        "content-length": str(len(body)),
        **(headers or {}),
    }
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return head.encode() + body


def get(path: str) -> bytes:
    """The bytes of one request without a body."""
    return f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


@dataclass(slots=True)
class Load:
    """What connections share during one measurement, and what came of it."""

    expected: bytes | None
    deadline: float
    """On the clock of perf_counter; after it no request is sent, unless there are fewer than `least` answers."""
    least: int = 1
    latencies: list[float] = field(default_factory=list)
    """Seconds from each request to its whole answer."""
    began: float = 0.0
    ended: float = 0.0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / (self.ended - self.began)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


class Connection(asyncio.Protocol):
    """One client. `requests` never ends."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._buffer = bytearray()
        self._body_at = self._whole = 0
        self._chunked = False
        self._sent = 0.0
        self._load: Load | None = None
        self._over: asyncio.Future[None] | None = None
        self.last = b""
        """The body of the newest answer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast(asyncio.Transport, transport)

    def start(self, load: Load) -> asyncio.Future[None]:
        """Send requests until the deadline, at least one. The future is done with the last answer."""
        self._load = load
        self._over = asyncio.get_running_loop().create_future()
        self._send()
        return self._over

    def close(self) -> None:
        """Close it."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        self._buffer += data
        if not self._body_at and not self._read_head():
            return
        if self._chunked:
            if self._buffer.endswith(b"\r\n0\r\n\r\n"):
                self._take(_unchunked(self._buffer, self._body_at))
        elif len(self._buffer) >= self._whole:
            self._take(bytes(self._buffer[self._body_at : self._whole]))

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed it."""
        self._fail("the connection was closed")

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._body_at = end + 4
        length = _LENGTH.search(self._buffer, 0, end)
        self._chunked = length is None and _CHUNKED.search(self._buffer, 0, end) is not None
        self._whole = self._body_at + (int(length[1]) if length else 0)
        return True

    def _take(self, body: bytes) -> None:
        load, now = self._load, time.perf_counter()
        assert load is not None
        self._buffer.clear()
        self._body_at = 0
        self.last = body
        if load.expected is not None and body != load.expected:
            self._fail(f"another answer: {body[:200]!r}")
            return
        load.latencies.append(now - self._sent)
        if now < load.deadline or len(load.latencies) < load.least:
            self._send()
        elif self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def _fail(self, why: str) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_exception(WrongAnswer(why))


def _unchunked(buffer: bytearray, at: int) -> bytes:
    """The body without its transfer coding (RFC 9112 section 7.1)."""
    body = bytearray()
    while True:
        end = buffer.index(b"\r\n", at)
        size = int(bytes(buffer[at:end]).partition(b";")[0], 16)
        if not size:
            return bytes(body)
        body += buffer[end + 2 : end + 2 + size]
        at = end + 4 + size


class Clients:
    """Connections to one server, kept for several measurements."""

    def __init__(
        self, port: int, requests: Callable[[int], Iterator[bytes]], count: int, *, polls: bool = False
    ) -> None:
        """`requests` makes the endless requests of the client with this number.

        Clients that poll never sleep while they run, so that no server pays for waking them: on a virtual machine that
        takes some 20 microseconds of the server's, and only of a server's that is slower than its clients.
        """
        self._polls = polls
        self._port = port
        self._requests = requests
        self._count = count
        self._open: list[Connection] = []

    async def __aenter__(self) -> Clients:
        loop = asyncio.get_running_loop()
        for number in range(self._count):
            _, connection = await loop.create_connection(
                lambda number=number: Connection(self._requests(number)),  # type: ignore[misc]  # mypy infers no lambda with a default
                "127.0.0.1",
                self._port,
            )
            self._open.append(connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()

    async def run(self, seconds: float, expected: bytes | None, *, least: int = 1) -> Load:
        """Keep all connections busy for so long, and until `least` answers came.

        Raises WrongAnswer, also when no answer comes.
        """
        began = time.perf_counter()
        load = Load(expected, began + seconds, least, began=began)
        waiting = [connection.start(load) for connection in self._open]
        self._is_running = self._polls
        self._stay_awake()
        try:
            async with asyncio.timeout(seconds + ANSWER_SECONDS):
                await asyncio.gather(*waiting)
        except TimeoutError:
            raise WrongAnswer(f"no answer within {ANSWER_SECONDS:.0f} s") from None
        finally:
            self._is_running = False
        load.ended = time.perf_counter()
        return load

    def _stay_awake(self) -> None:
        if self._is_running:
            asyncio.get_running_loop().call_soon(self._stay_awake)

    def last(self) -> bytes:
        """The newest answer of the first client."""
        return self._open[0].last


def repeated(request: bytes) -> Iterator[bytes]:
    """The same request for ever."""
    while True:
        yield request


async def once(port: int, request: bytes) -> bytes:
    """The body of one answer."""
    async with Clients(port, lambda _: repeated(request), 1) as clients:
        await clients.run(0.0, None)
        return clients.last()
