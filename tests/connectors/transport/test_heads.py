"""Heads that break the grammar: what other clients take is taken, what smuggles is refused, by both engines alike.

What httpx 0.28, aiohttp 3, requests 2 and curl do with each of these was looked at; the comments say where they differ.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply
from connectors.transport import HttpOptions, Transport, open_transport
from connectors.transport.heads import HeadError, HeadMender
from connectors.transport.response import ResponseReader
from tests.connectors.http_world import HttpWorld, Say

READ = Operation(upstream="shop", name="GET /")
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 5\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

TAKEN = {
    "LF alone": b"HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b\n\nhello",
    "LF alone in one line": OK + b"Content-Length: 5\nX-A: b\r\n\r\nhello",
    "LF alone at the end": OK + LENGTH + b"X-A: b\n\nhello",
    "a folded line": OK + LENGTH + b"X-A: b\r\n  c\r\n\r\nhello",
    "a line folded with a tab": OK + LENGTH + b"X-A: b\r\n\tc\r\n\r\nhello",
    "a folded length": OK + b"Content-Length:\r\n 5\r\n\r\nhello",  # curl refuses it
    "a control character": OK + LENGTH + b"X-A: b\x01c\r\n\r\nhello",
    "UTF-8 in a value": OK + LENGTH + b"X-A: \xc3\xa9\r\n\r\nhello",
    "no space after the colon": OK + b"Content-Length:5\r\nX-A:b\r\n\r\nhello",
    "an empty value": OK + LENGTH + b"X-A:\r\n\r\nhello",
    "no reason": b"HTTP/1.1 200\r\n" + LENGTH + b"\r\nhello",
    "an empty reason": b"HTTP/1.1 200 \r\n" + LENGTH + b"\r\nhello",
    "a reason in Latin-1": b"HTTP/1.1 200 tr\xe8s bien\r\n" + LENGTH + b"\r\nhello",
    "two spaces": b"HTTP/1.1  200 OK\r\n" + LENGTH + b"\r\nhello",  # requests and curl
    "lower case": b"http/1.1 200 OK\r\n" + LENGTH + b"\r\nhello",  # curl
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "HTTP/1.0 with chunks": b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"\r\n" + CHUNKS,
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n" + LENGTH + b"\r\nhello",  # httpx and requests
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\n" + LENGTH + b"\r\nhello",
    "an empty line before": b"\r\n" + OK + LENGTH + b"\r\nhello",  # aiohttp
    "the same length twice": OK + LENGTH + LENGTH + b"\r\nhello",  # all but aiohttp
    "the same length in one line": OK + b"Content-Length: 5, 5\r\n\r\nhello",
    "a length with zeros": OK + b"Content-Length: 0005\r\n\r\nhello",
    "CHUNKED": OK + b"Transfer-Encoding: CHUNKED\r\n\r\n" + CHUNKS,
    "chunked twice": OK + CHUNKED + CHUNKED + b"\r\n" + CHUNKS,  # all but httpx
    "identity with a length": OK + b"Transfer-Encoding: identity\r\n" + LENGTH + b"\r\nhello",  # requests and curl
    "identity": OK + b"Transfer-Encoding: identity\r\n\r\nhello",  # all but httpx
    "100 before": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH + b"\r\nhello",
    "102 and 103 before": b"HTTP/1.1 102 P\r\nX-A: y\r\n\r\nHTTP/1.1 103 H\r\n\r\n" + OK + LENGTH + b"\r\nhello",
    "100 before, LF alone": b"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "an offer to upgrade": OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\nhello",
    "an extension of a chunk": OK + CHUNKED + b'\r\n5;a="b;c"\r\nhello\r\n0;x\r\n\r\n',
    "a space after a chunk's size": OK + CHUNKED + b"\r\n5 \r\nhello\r\n0  \r\n\r\n",
    "a trailer": OK + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    "no length": OK + b"\r\nhello",
    "no length and close": OK + b"Connection: close\r\n\r\nhello",
    "LF alone and chunks": b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n" + CHUNKS,
}
REFUSED = {
    "CR alone": (OK + b"Content-Length: 5\rX-A: b\r\n\r\nhello", "CR or NUL"),
    "NUL": (OK + LENGTH + b"X-A: a\0b\r\n\r\nhello", "CR or NUL"),
    "a space before the first header": (OK + b" X-A: b\r\n" + LENGTH + b"\r\nhello", "begins with a space"),
    "a space before the colon": (OK + LENGTH + b"X-A : b\r\n\r\nhello", "no header"),
    "a space before the length's colon": (OK + b"Content-Length : 5\r\n\r\nhello", "no header"),
    "no colon": (OK + LENGTH + b"nonsense\r\n\r\nhello", "no header"),
    "no name": (OK + LENGTH + b": x\r\n\r\nhello", "no header"),
    "a space in a name": (OK + LENGTH + b"X A: b\r\n\r\nhello", "no header"),
    "HTTP/2": (b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\nhello", "status line"),
    "another protocol": (b"ICY 200 OK\r\n" + LENGTH + b"\r\nhello", "HTTP/"),
    "no head": (b"hello", "HTTP/"),
    "a status of four digits": (b"HTTP/1.1 2000 OK\r\n" + LENGTH + b"\r\nhello", "status line"),
    "a status below 100": (b"HTTP/1.1 099 OK\r\n" + LENGTH + b"\r\nhello", "below 100"),
    "no status": (b"HTTP/1.1 OK\r\n" + LENGTH + b"\r\nhello", "status line"),
    "lengths that differ": (OK + LENGTH + b"Content-Length: 6\r\n\r\nhello", "differ"),
    "lengths that differ in one line": (OK + b"Content-Length: 5, 6\r\n\r\nhello", "differ"),
    **{
        f"the length {each!r}": (OK + b"Content-Length: %b\r\n\r\nhello" % each, "not a number")
        for each in (b"+5", b"-5", b"0x5", b"5.0", b"0_5", b"five", b"", b"\xb2", b"9" * 30, b"5 5")
    },
    "length and chunks": (OK + b"Content-Length: 3\r\n" + CHUNKED + b"\r\n" + CHUNKS, "both"),
    **{
        f"the transfer coding {each!r}": (OK + b"Transfer-Encoding: %b\r\n\r\n" % each + CHUNKS, "chunked|control")
        for each in (
            b"gzip, chunked",
            b"gzip",
            b"xchunked",
            b'"chunked"',
            b"chunked;q=1",
            b"\x0bchunked",
            b"chunked, identity",
        )
    },
    "another protocol from now on": (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "protocol"),
    "101 without more": (b"HTTP/1.1 101 S\r\n\r\n" + OK + LENGTH + b"\r\nhello", "protocol"),
    "chunks with LF alone": (OK + CHUNKED + b"\r\n5\r\nhello\n0\r\n\r\n", "not valid HTTP"),
    "a chunk of 0x5": (OK + CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n", "not valid HTTP"),
    "a chunk of -5": (OK + CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n", "not valid HTTP"),
    "a chunk that is longer": (OK + CHUNKED + b"\r\n3\r\nhello\r\n0\r\n\r\n", "not valid HTTP"),
}
VALUES = {
    "a folded line": "b c",
    "a line folded with a tab": "b c",
    "a control character": "b c",
    "UTF-8 in a value": "Ã©",
}


@pytest.fixture(params=("asyncio", "httpx"))
async def transport(request: pytest.FixtureRequest) -> AsyncGenerator[Transport]:
    transport = open_transport(HttpOptions(address="http://unused", engine=request.param))
    yield transport
    await transport.close()


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_taken(transport: Transport, name: str) -> None:
    """The same status, body and headers."""
    async with HttpWorld(answer=lambda _: Say(TAKEN[name], then="close")) as world:
        reply = await transport.request(READ, "GET", world.url, headers={}, timeout=5)
    assert (reply.status, reply.body) == (200, b"hello")
    if name in VALUES:
        assert reply.headers["x-a"] == VALUES[name]


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused(transport: Transport, name: str) -> None:
    """With the reason."""
    said, reason = REFUSED[name]
    async with HttpWorld(answer=lambda _: Say(said, then="close")) as world:
        with pytest.raises(UpstreamBadReply, match=reason):
            await transport.request(READ, "GET", world.url, headers={}, timeout=5)


async def test_an_odd_connection_is_not_used_again(transport: Transport) -> None:
    """Nobody knows how its next response begins; the next request has another connection."""
    async with HttpWorld(answer=lambda _: Say(TAKEN["LF alone"])) as world:
        for _ in range(3):
            assert (await transport.request(READ, "GET", world.url, headers={}, timeout=5)).body == b"hello"
        assert world.connections == 3
    async with HttpWorld(answer=lambda _: Say(TAKEN["no space after the colon"])) as world:
        for _ in range(3):
            assert (await transport.request(READ, "GET", world.url, headers={}, timeout=5)).body == b"hello"
        assert world.connections == 1


@pytest.mark.parametrize("name", [name for name in TAKEN if not name.startswith(("no length", "identity", "HTTP/1.0"))])
@pytest.mark.parametrize("step", [1, 3])
def test_heads_come_in_pieces(name: str, step: int) -> None:
    """Wherever they are cut."""
    reader = ResponseReader(1000)
    reader.begin(READ, is_head=False)
    replies = [reader.feed(TAKEN[name][start : start + step]) for start in range(0, len(TAKEN[name]), step)]
    assert replies[-1] is not None
    assert getattr(replies[-1], "body", None) == b"hello"


@pytest.mark.parametrize(
    "piece", [b"\n", b"X: a\n", b"HTTP/1.1 100 C\n\n", b"HTTP/1.1 103 C\r\n\r\n", b"\r\n X", b"a"], ids=repr
)
def test_odd_heads_take_linear_time(piece: bytes) -> None:
    """Also when they come in pieces; an engine ends them at 65,536 bytes."""
    mender = HeadMender()
    mender.add(b"HTTP/1.1 200 OK\n" if piece[:4] != b"HTTP" else b"")
    began = time.process_time()
    try:
        for _ in range(65_536 // len(piece)):
            mender.add(piece)
    except HeadError:
        pass
    assert time.process_time() - began < 5
