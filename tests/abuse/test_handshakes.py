"""Requests that are refused before the application sees them are answered and closed, and never stand in the way of a stop.

Before, a websocket handshake with 129 headers, a header line of 9 kB or a body was neither answered nor closed: 200 of
them held 200 descriptors for ever, and the next SIGTERM ended in a traceback with a request under way lost.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from tests.abuse.live import Live, live, receive
from tests.abuse.promises import descriptors, promised
from tests.waiting import GENEROUS

LINES = (
    b"GET /graphql/web HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
REFUSED = {
    "a head over the limit": (b"x-long: " + b"a" * 70_000 + b"\r\n\r\n", b"HTTP/1.1 431 "),
    "many headers over the limit": (
        b"".join(b"x-%d: 1\r\n" % each for each in range(10_000)) + b"\r\n",
        b"HTTP/1.1 431 ",
    ),
    "a body": (b"content-length: 5\r\n\r\nhello", b"HTTP/1.1 400 "),
    "chunks": (b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"HTTP/1.1 400 "),
    "a key that is none": (b"sec-websocket-key: b\r\n\r\n", b"HTTP/1.1 400 "),
}
TAKEN = {
    "200 headers": b"".join(b"x-%d: 1\r\n" % each for each in range(200)),
    "a cookie of 16 kB": b"cookie: a=" + b"a" * 16_000 + b"\r\n",
}
COUNT = 200


@pytest.mark.parametrize("name", REFUSED)
def test_handshakes_that_are_refused(attacked: Live, name: str) -> None:
    """Each is answered and closed, and its descriptor is free again."""
    more, expected = REFUSED[name]
    with promised(attacked, f"{COUNT} handshakes with {name}"):
        connections = [attacked.connect() for _ in range(COUNT)]
        try:
            for each in connections:
                each.sendall(LINES + more)
            for each in connections:
                each.settimeout(GENEROUS)
                answer = receive(each)
                assert answer.startswith(expected), answer[:200]
        finally:
            for each in connections:
                each.close()


@pytest.mark.parametrize("name", TAKEN)
def test_heads_below_the_limit(attacked: Live, name: str) -> None:
    """The same limit holds for HTTP and websockets."""
    with attacked.connect() as connection:
        connection.sendall(LINES + TAKEN[name] + b"\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 101 ")
    body = b'{"query":"{ __typename }"}'
    head = b"POST /graphql/web HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
    assert b'{"data"' in attacked.ask(head + TAKEN[name] + b"content-length: %d\r\n\r\n" % len(body) + body)


HOSTS = {
    "no Host": b"",
    "two Hosts": b"host: a\r\nhost: b\r\n",
    "a Host with a space": b"host: a b\r\n",
    "a Host with a path": b"host: a/b\r\n",
}


@pytest.mark.parametrize("name", HOSTS)
def test_hosts(attacked: Live, name: str) -> None:
    """400, over HTTP and websockets (RFC 9112, section 3.2)."""
    for head in (b"POST /graphql/web HTTP/1.1\r\ncontent-length: 0\r\n", LINES.replace(b"host: localhost\r\n", b"")):
        answer = attacked.ask(
            head + HOSTS[name] + b"connection: close\r\n\r\n" if b"POST" in head else head + HOSTS[name] + b"\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 400 "), answer[:200]
        assert b"INVALID_HOST" in answer


def until_sync(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + GENEROUS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_stop_after_refused_handshakes() -> None:
    """Their descriptors are free though the clients keep them open; exit code 0, and no traceback."""
    with live() as attacked:
        before = descriptors(attacked.gateway.process.pid)
        connections = [attacked.connect() for _ in range(20)]
        for number, each in enumerate(connections):
            each.sendall(LINES + list(REFUSED.values())[number % len(REFUSED)][0])
        for each in connections:
            each.settimeout(GENEROUS)
            receive(each)
        until_sync(lambda: descriptors(attacked.gateway.process.pid) <= before + 1)
        assert attacked.gateway.stop(signal.SIGTERM) == 0
        assert "Traceback" not in attacked.gateway.output, attacked.gateway.output[-3000:]
        for each in connections:
            each.close()
