"""Headers that go out, bodies that come back."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib

import pytest

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamRejected, UpstreamReplyTooLarge
from connectors.transport.reading import Body, CompressedBody, check_announced, check_headers, join_headers

READ = Operation(upstream="shop", name="GET /")


def test_headers_of_the_connection_are_the_engines_own() -> None:
    """RFC 9110 section 7.6.1; names go out in lower case."""
    headers = {"X-A": "1", "Connection": "close", "content-length": "9", "te": "trailers"}
    assert check_headers(READ, headers) == {"x-a": "1"}
    for _ in range(2):  # the second time the names are known
        assert check_headers(READ, {"x-b": "2"}) == {"x-b": "2"}


@pytest.mark.parametrize("headers", [{"x-a": "s3cret\r\nx: 1"}, {"x-a": "s3cret\0"}, {"x a": "s3cret"}, {"": "s3cret"}])
def test_a_header_that_ends_its_line_is_not_sent(headers: dict[str, str]) -> None:
    """Its value is not told."""
    with pytest.raises(UpstreamRejected, match="does not allow") as caught:
        check_headers(READ, headers)
    assert "s3cret" not in str(caught.value)


def test_repeated_headers_are_joined() -> None:
    """RFC 9110 section 5.3."""
    assert join_headers([("A", "1"), ("b", "2")]) == {"a": "1", "b": "2"}
    assert join_headers([("Vary", "a"), ("x", "1"), ("vary", "b")]) == {"vary": "a, b", "x": "1"}


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    """What says nothing, or nonsense, is counted as it comes."""
    for length in ("10", "x", "-1"):
        check_announced(READ, {"content-length": length}, 10)
    check_announced(READ, {}, 10)
    with pytest.raises(UpstreamReplyTooLarge):
        check_announced(READ, {"content-length": "11"}, 10)


def test_a_body_is_taken_up_to_its_limit() -> None:
    """One byte more is too many."""
    body = Body(READ, 5)
    body.add(b"abc")
    assert body.count_room() == 3
    body.add(b"de")
    assert body.join_chunks() == b"abcde"
    with pytest.raises(UpstreamReplyTooLarge):
        body.add(b"f")


@pytest.mark.parametrize("packed", [gzip.compress(b"abcde"), zlib.compress(b"abcde")])
def test_a_compressed_body_is_unpacked_chunk_by_chunk(packed: bytes) -> None:
    """In gzip or deflate; one that ends early is a bad reply."""
    body = CompressedBody(READ, 5)
    for byte in packed[:-1]:
        body.add(bytes([byte]))
    with pytest.raises(UpstreamBadReply, match="ends too early"):
        body.join_chunks()
    body.add(packed[-1:])
    assert body.join_chunks() == b"abcde"


def test_a_bomb_costs_no_memory() -> None:
    """It is refused when it has grown over the limit."""
    body = CompressedBody(READ, 1_000)
    with pytest.raises(UpstreamReplyTooLarge):
        body.add(gzip.compress(bytes(10_000_000)))


def test_several_members_are_one_body() -> None:
    """RFC 1952 section 2.2."""
    body = CompressedBody(READ, 100)
    body.add(gzip.compress(b"abc") + gzip.compress(b"de"))
    assert body.join_chunks() == b"abcde"


@pytest.mark.parametrize("value", [b"0" * 8_000_000, random.Random(1).randbytes(3_000_000)], ids=["zeros", "noise"])
@pytest.mark.parametrize("members", [1, 3])
async def test_a_large_body_is_inflated_in_slices(value: bytes, members: int) -> None:
    """8 MB that came at once: half a megabyte at a time, and other tasks run in between."""
    size = -(-len(value) // members)
    packed = b"".join(gzip.compress(value[start : start + size], 1) for start in range(0, len(value), size))
    for step in (len(packed), 1000):
        body = CompressedBody(READ, 8_000_000)
        for start in range(0, len(packed), step):
            body.add(packed[start : start + step])
        assert body._size <= 1_000_000
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count_turns())
        await body.inflate()
        counting.cancel()
        assert turns >= len(value) // 1_000_000 - 1
        assert body.join_chunks() == value


async def test_a_bomb_is_refused_while_it_is_inflated() -> None:
    """Only the first half megabyte is inflated before; of the rest no more than the limit."""
    body = CompressedBody(READ, 2_000_000)
    body.add(gzip.compress(b"0" * 100_000_000))
    assert body._size <= 1_000_000
    with pytest.raises(UpstreamReplyTooLarge):
        await body.inflate()
    assert body._size <= 2_500_001
