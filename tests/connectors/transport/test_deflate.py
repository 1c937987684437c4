"""Deflated messages may grow to a multiple of what arrived, and no further."""

from __future__ import annotations

import zlib

import pytest
from websockets.exceptions import PayloadTooBig
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from connectors.transport.deflate import FREE_SIZE, BoundedDeflate, ClientDeflate, ServerDeflate


def make_deflate(max_ratio: int = 10) -> BoundedDeflate:
    """The extension of one connection."""
    return BoundedDeflate(PerMessageDeflate(False, False, 12, 12), max_ratio)


def pack(payload: bytes, opcode: Opcode = Opcode.TEXT, *, is_last: bool = True) -> Frame:
    """A frame that a client deflated."""
    deflate = zlib.compressobj(9, wbits=-12)
    data = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return Frame(opcode, data[:-4] if is_last else data, is_last, opcode is not Opcode.CONT)


def test_a_short_message_may_have_any_ratio() -> None:
    """It costs little."""
    assert len(make_deflate().decode(pack(b" " * FREE_SIZE), max_size=1_000_000).data) == FREE_SIZE


def test_a_message_that_grows_too_much() -> None:
    """It is refused before it is unpacked."""
    with pytest.raises(PayloadTooBig):
        make_deflate().decode(pack(b" " * 100_000), max_size=1_000_000)


def test_all_frames_of_a_message_count() -> None:
    """Many small frames are one large message; the next message begins anew."""
    deflate = make_deflate()
    deflate.decode(pack(b" " * 60_000, is_last=False), max_size=1_000_000)
    with pytest.raises(PayloadTooBig):
        deflate.decode(pack(b" " * 60_000, Opcode.CONT), max_size=1_000_000)
    assert len(make_deflate().decode(pack(b" " * 60_000), max_size=None).data) == 60_000


def test_frames_that_were_not_deflated() -> None:
    """They come out as they are."""
    frame = Frame(Opcode.TEXT, b"x" * 200_000)
    assert make_deflate().decode(frame, max_size=200_000) is frame
    ping = Frame(Opcode.PING, b"x")
    assert make_deflate().decode(ping) is ping


def test_both_sides_negotiate_it() -> None:
    """As a server and as a client."""
    answer, server = ServerDeflate(10).process_request_params([("client_max_window_bits", None)], [])
    assert isinstance(server, BoundedDeflate)
    assert isinstance(ClientDeflate(10).process_response_params(answer, []), BoundedDeflate)
