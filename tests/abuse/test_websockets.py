"""Hostile websockets against a live gateway: each ends with a close code, and others hardly wait."""

from __future__ import annotations

import json
import os
import struct
import threading
from contextlib import suppress

import pytest

from tests.abuse.live import Live, send_all

HANDSHAKE = (
    b"GET /graphql/web HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
TEXT, BINARY, CONTINUED, PING = 1, 2, 0, 9


def frame(payload: bytes, opcode: int = TEXT, *, is_last: bool = True) -> bytes:
    """One masked frame (RFC 6455, section 5.2); a mask of zeros changes nothing."""
    size = len(payload)
    length = (
        bytes([0x80 | size])
        if size < 126
        else b"\xfe" + struct.pack(">H", size)
        if size < 65536
        else b"\xff" + struct.pack(">Q", size)
    )
    return bytes([0x80 * is_last | opcode]) + length + b"\0\0\0\0" + payload


def message(**fields: object) -> bytes:
    return frame(json.dumps(fields).encode())


def subscribe(number: int, query: str = "{ __typename }") -> bytes:
    return message(type="subscribe", id=str(number), payload={"query": query})


INIT = message(type="connection_init")
SLOW = 'subscription { priceChanges(sku: "x") { amount } }'
FLOODS = {
    "100,000 pings": INIT + message(type="ping") * 100_000,
    "100,000 pings of the websocket": INIT + frame(b"x", PING) * 100_000,
    "100,000 messages of an unknown type": INIT + message(type="nonsense") * 100_000,
    "100,000 messages that are no JSON": INIT + frame(b"{") * 100_000,
    "100,000 completes": INIT + message(type="complete", id="1") * 100_000,
    "5,000 ids": INIT + b"".join(subscribe(number) for number in range(5_000)),
    "1,000 subscriptions": INIT + b"".join(subscribe(number, SLOW) for number in range(1_000)),
    "one id twice": INIT + subscribe(1, SLOW) * 2,
    "two inits": INIT * 2,
    "a subscribe before the init": subscribe(1),
    "an init nested deeply": frame(
        b'{"type":"connection_init","payload":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    ),
    "a message of 10 MB": INIT + frame(b"x" * 10_000_000),
    "a frame that says it has 2**62 bytes": INIT + b"\x81\xff" + struct.pack(">Q", 2**62) + b"\0\0\0\0x",
    "fragments without end": INIT + frame(b"x", is_last=False) + frame(b"x" * 1000, CONTINUED, is_last=False) * 3_000,
    "empty fragments, 50,000": INIT + frame(b"x", is_last=False) + frame(b"", CONTINUED, is_last=False) * 50_000,
    "a continuation of nothing": INIT + frame(b"x", CONTINUED),
    "binary": INIT + frame(os.urandom(100), BINARY),
    "text that is no UTF-8": INIT + frame(b"\xff\xfe"),
    "reserved bits": INIT + b"\xf1\x80\0\0\0\0",
    "no mask": INIT + b"\x81\x01x",
    "a ping of 200 bytes": INIT + frame(b"x" * 200, PING),
    "random bytes": os.urandom(10_000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods(attacked: Live, name: str) -> None:
    """What is sent after the handshake is answered, or closes the socket; memory is given back."""
    before = attacked.resident()

    def attack() -> None:
        with attacked.connect() as connection:
            connection.sendall(HANDSHAKE)
            assert connection.recv(65536).startswith(b"HTTP/1.1 101")
            connection.settimeout(0.5)
            sender = threading.Thread(target=send_all, args=(connection, FLOODS[name]), daemon=True)
            sender.start()
            with suppress(TimeoutError, ConnectionError):  # until it is closed, or all is answered
                while connection.recv(65536):
                    pass
        sender.join(5)

    attacked.under(f"websocket: {name}", attack)
    assert attacked.resident() < before + 60


def test_many_sockets_that_say_nothing(attacked: Live) -> None:
    """They are closed when their time to begin is over."""
    opened = []

    def attack() -> None:
        for _ in range(50):
            connection = attacked.connect()
            opened.append(connection)
            connection.sendall(HANDSHAKE)

    attacked.under("websocket: 50 that say nothing", attack)
    last = opened[-1]
    answer = b""
    while part := last.recv(65536):
        answer += part
        if struct.pack(">H", 4408) in answer:
            break
    assert struct.pack(">H", 4408) in answer
    for connection in opened:
        connection.close()
