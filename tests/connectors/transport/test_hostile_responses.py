"""Responses that are within the limits by their letter and cost much: linear, bounded, and a coded error or a value.

What was measured before and after, with the engine of asyncio; the longest CPU time is of one feed of 256 kB:

    50,000 gzip members without content    54 ms each feed, endless   below 1 ms and an error
    100,000 interim responses (1xx)        6 ms each feed, endless    4 ms and an error
    one header 60,000 times                124 ms                     16 ms and an error
    500,000 chunks of two bytes            21.7 MB for 1 MB           1.1 MB
    chunk extensions and trailers          not counted, endless       an error after twice the limit

The engine of httpx inflated what one read held, 65 MB for 64 kB, before it counted; now it inflates up to the limit.
"""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from contextlib import nullcontext

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamError, UpstreamReplyTooLarge
from connectors.transport import HttpOptions, open_transport
from connectors.transport.reading import Body, CompressedBody, check_announced, join_headers
from connectors.transport.response import ResponseReader
from connectors.transport.status import retry_after
from tests.connectors.http_world import HttpWorld, Say
from tests.connectors.watch import BOUND, Watch

READ = Operation(upstream="shop", name="GET /")
FEED = 262_144
"""Bytes that asyncio reads at once."""
PACKED = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def fed(*messages: bytes, limit: int = 8_000_000) -> tuple[ResponseReader, float]:
    """A reader of these bytes, and the longest CPU time of a feed. Raises what it raises."""
    reader = ResponseReader(limit)
    reader.begin(READ, is_head=False)
    longest = 0.0
    try:
        for message in messages:
            for start in range(0, len(message), FEED):
                began = time.thread_time()
                try:
                    reader.feed(message[start : start + FEED])
                finally:
                    longest = max(longest, time.thread_time() - began)
    except UpstreamError:
        assert longest < BOUND
        raise
    return reader, longest


def test_gzip_members_without_content_end() -> None:
    """Soon; what remains of a feed after each member is not copied whole."""
    with pytest.raises(UpstreamBadReply, match="gzip members"):
        fed(PACKED, chunk(gzip.compress(b"") * 50_000))


def test_gzip_members_with_content_are_read() -> None:
    """However many there are: blocks of 64 kB, as bgzip makes them, and small ones."""
    for size, count in ((65_536, 100), (2_000, 3_000)):
        body = CompressedBody(READ, 8_000_000)
        body.add(gzip.compress(b"x" * size) * count)
        assert body.join_chunks() == b"x" * size * count


def test_interim_responses_end() -> None:
    """They count as a part of the head."""
    with pytest.raises(UpstreamBadReply, match="headers are larger"):
        fed(b"HTTP/1.1 103 Early\r\n\r\n" * 100_000)


def test_a_header_that_is_repeated_is_joined_in_linear_time() -> None:
    """In one feed, which ends with a whole response, and in both engines."""
    lines = 60_000
    _, longest = fed(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * (lines // 10) + b"content-length: 0\r\n\r\n")
    assert longest < BOUND
    with pytest.raises(UpstreamBadReply, match="headers are larger"):
        fed(b"HTTP/1.1 200 OK\r\n" + b"a:b\r\n" * lines)
    began = time.thread_time()
    assert join_headers([("A", "b"), ("c", "d")] * lines) == {"a": ", ".join("b" * lines), "c": ", ".join("d" * lines)}
    assert time.thread_time() - began < BOUND * 2


def test_tiny_chunks_take_the_memory_of_their_bytes() -> None:
    """And a copy when they are joined."""
    tracemalloc.start()
    try:
        body = Body(READ, 1_000_000)
        for number in range(500_000):
            body.add(b"%02d" % (number % 100))
        assert len(body.join_chunks()) == 1_000_000
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "endless",
    [(b"1;" + b"x" * 100 + b"\r\na\r\n") * 20_000, b"0\r\n" + b"t: x\r\n" * 100_000],
    ids=["chunk extensions", "trailers"],
)
def test_what_is_around_the_body_is_counted(endless: bytes) -> None:
    """Chunk sizes, their extensions and trailers."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with pytest.raises((UpstreamReplyTooLarge, UpstreamBadReply)):
        fed(head, endless, limit=100_000)


def test_numbers_of_headers_are_bounded() -> None:
    """A length of many digits, and a wait that never ends."""
    with pytest.raises(UpstreamReplyTooLarge):
        check_announced(READ, {"content-length": "9" * 5000}, 100)
    assert retry_after("9" * 400) == 86_400 * 365


@pytest.mark.parametrize("engine", ["asyncio", "httpx"])
async def test_over_a_socket(engine: str) -> None:
    """A bomb, empty members and tiny chunks: each is a coded error or the value, and the loop is free."""
    bomb = zlib.compress(b"\0" * 100_000_000)
    tiny = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(b"ab") * 20_000 + b"0\r\n\r\n"
    members = gzip.compress(b"") * 5000
    says = {
        "/bomb": PACKED.replace(b"gzip", b"deflate") + chunk(bomb) + b"0\r\n\r\n",
        "/members": PACKED + chunk(members) + b"0\r\n\r\n",
        "/tiny": tiny,
    }
    async with HttpWorld() as world:
        world.answer = lambda request: Say(says[request.target], then="close")
        transport = open_transport(HttpOptions(address=world.url, engine=engine))  # type: ignore[arg-type]
        try:
            for path, expected in (("/bomb", UpstreamReplyTooLarge), ("/members", UpstreamBadReply), ("/tiny", None)):
                async with Watch() as watch:
                    with pytest.raises(expected) if expected else nullcontext():
                        reply = await transport.request(READ, "GET", world.url + path, headers={}, timeout=30)
                        assert reply.body == b"ab" * 20_000
                print(engine, path, f"{watch.longest * 1000:.0f} ms")
                assert watch.longest < 4 * BOUND  # the upstream of the test runs in this loop, too
        finally:
            await transport.close()
