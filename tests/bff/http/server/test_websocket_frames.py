"""The parser of websocket frames stops after each message."""

from __future__ import annotations

import logging

from websockets.frames import Frame, Opcode
from websockets.protocol import State

from bff.http.options import Websockets
from bff.http.server.websocket_frames import MessageParser


def make_parser(**options: object) -> MessageParser:
    """A parser whose handshake is over."""
    parser = MessageParser(Websockets.model_validate(options), logging.getLogger("tests"))
    parser.state = State.OPEN
    parser.parser = parser.parse()
    next(parser.parser)
    return parser


def text(payload: bytes) -> bytes:
    """A frame of a client."""
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


def test_one_message_at_a_time() -> None:
    """The next one is not parsed before the reader is released."""
    parser = make_parser()
    parser.receive_data(text(b"one") + text(b"two"))
    assert [bytes(event.data) for event in parser.events_received()] == [b"one"]
    assert parser.held == len(text(b"two"))
    parser.receive_data(b"")
    assert parser.events_received() == []
    parser.reader.is_held = False
    parser.receive_data(b"")
    assert [bytes(event.data) for event in parser.events_received()] == [b"two"]
    assert parser.held == 0


def test_a_message_may_be_large_after_the_init() -> None:
    """Also one that arrived with it."""
    parser = make_parser(max_init_size=5, max_message_size=10)
    parser.receive_data(text(b"init") + text(b"x" * 10))
    parser.events_received()
    parser.allow_large_messages()
    parser.reader.is_held = False
    parser.receive_data(b"")
    assert [len(event.data) for event in parser.events_received()] == [10]
    parser.reader.is_held = False
    parser.receive_data(text(b"x" * 11))
    assert parser.close_sent is not None
    assert parser.close_sent.code == 1009


def test_a_first_message_that_is_large() -> None:
    """1009."""
    parser = make_parser(max_init_size=5)
    parser.receive_data(text(b"x" * 6))
    assert parser.close_sent is not None
    assert parser.close_sent.code == 1009
