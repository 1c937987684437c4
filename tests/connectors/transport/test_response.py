"""ResponseReader alone: the same reply however the bytes arrive, and never another's."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamDisconnected
from connectors.transport import HttpReply
from connectors.transport.response import ResponseReader

READ = Operation(upstream="shop", name="GET /")
PACKED = gzip.compress(b"hello ") + gzip.compress(b"world")
MESSAGES = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\nTrailer: t\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\nx-a: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    "gzip in two members": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED)
    + PACKED,
}


def reader(*, limit: int = 1000, is_head: bool = False) -> ResponseReader:
    made = ResponseReader(limit)
    made.begin(READ, is_head=is_head)
    return made


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
@settings(deadline=None)
@given(data=st.data())
def test_a_reply_is_the_same_however_it_arrives(message: bytes, data: st.DataObject) -> None:
    """Cut at any places."""
    cuts = data.draw(st.sets(st.integers(1, len(message) - 1)))
    one = reader()
    reply: HttpReply | None = None
    for start, end in pairwise([0, *sorted(cuts), len(message)]):
        assert reply is None
        reply = one.feed(message[start:end])
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"hello world")
    assert "x-a" not in reply.headers
    assert "trailer" not in reply.headers
    assert one.may_reuse


@pytest.mark.parametrize(
    "extra",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad", b"garbage", b"HTTP/1.1 "],
    ids=["reply", "rubbish", "part"],
)
def test_bytes_after_the_reply_end_the_connection(extra: bytes) -> None:
    """They would be taken for the answer to the next request, which may be another caller's."""
    one = reader()
    reply = one.feed(MESSAGES["length"] + extra)
    assert reply is not None
    assert reply.body == b"hello world"
    assert not one.may_reuse


def test_a_body_after_head_ends_the_connection() -> None:
    """An upstream that answers HEAD with a body is not trusted with another request."""
    one = reader(is_head=True)
    reply = one.feed(MESSAGES["length"])
    assert reply is not None
    assert reply.body == b""
    assert not one.may_reuse


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n"])
def test_some_connections_are_not_kept(head: bytes) -> None:
    """Where the upstream says so, or is too old to say."""
    one = reader()
    assert one.feed(head + b"Content-Length: 2\r\n\r\nok") is not None
    assert not one.may_reuse


def test_the_end_of_the_connection_ends_a_body_without_length() -> None:
    """And no other."""
    one = reader()
    assert one.feed(b"HTTP/1.1 200 OK\r\n\r\nhello") is None
    assert one.end().body == b"hello"
    for part in (b"", b"HTTP/1.1 200", MESSAGES["length"][:-1], MESSAGES["chunked"][:-5], b"HTTP/1.1 103 Hi\r\n\r\n"):
        other = reader()
        assert other.feed(part) is None
        with pytest.raises(UpstreamDisconnected):
            other.end()


def test_compression_that_ends_early_is_a_bad_reply() -> None:
    """Half of a gzip body is not the body, even where the length is right."""
    half = PACKED[:15]
    with pytest.raises(UpstreamBadReply):
        reader().feed(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(half) + half)


def test_a_switch_of_protocols_is_a_bad_reply() -> None:
    """Nobody asked for it."""
    with pytest.raises(UpstreamBadReply, match="protocol"):
        reader().feed(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
