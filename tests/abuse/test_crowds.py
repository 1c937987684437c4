"""Clients that do not read, and clients in crowds: they get no more than the process can give, and others get their part.

Before, 60 clients that did not read held 670 MB for minutes (now 45 MB), 5,000 hanging requests were all taken, and one connection
held 3.7 MB of pipelined requests.
"""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.abuse.live import ATTACKERS, Live, live, post, receive, send_all
from tests.abuse.promises import descriptors, promised
from tests.waiting import GENEROUS

MAX_CONNECTIONS = 1500
MAX_REQUESTS = 1000  # the default
WRITE_TIMEOUT = 3.0
PROBE = b"GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def crowd() -> Iterator[Live]:
    """A gateway with a field that hangs and one of 10 MB."""
    with live(command=(sys.executable, "-m", "tests.abuse.crowd", str(MAX_CONNECTIONS))) as made:
        yield made


def ask_for(query: bytes) -> bytes:
    """A request whose connection is kept."""
    return post(b'{"query":"%b"}' % query).replace(b"connection: close\r\n", b"")


def count_refusals(attacked: Live, reason: str) -> float:
    """What the metric says."""
    text = attacked.ask(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").decode()
    found = re.search(rf'bff_refused_total\{{reason="{reason}"\}} ([\d.e+]+)', text)
    return float(found[1]) if found else 0.0


def test_sixty_clients_that_do_not_read(crowd: Live) -> None:
    """600 MB of responses: few are encoded while clients do not read, and further ones wait or are refused."""
    before = descriptors(crowd.gateway.process.pid)
    with promised(crowd, "60 clients that do not read"), ExitStack() as stack:
        for _ in range(60):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", crowd.port))
            connection.sendall(ask_for(b"{ big }"))
        end = time.monotonic() + GENEROUS
        while count_refusals(crowd, "max_unsent") + count_refusals(crowd, "write_timeout") < 60:
            assert time.monotonic() < end, "they are not cut off"
            time.sleep(0.1)
        while descriptors(crowd.gateway.process.pid) > before + 1:
            assert time.monotonic() < end, "the connections are kept"
            time.sleep(0.1)
    assert count_refusals(crowd, "max_unsent") > 0
    with socket.socket() as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        alone.connect(("127.0.0.1", crowd.port))
        alone.sendall(ask_for(b"{ big }"))
        while not count_refusals(crowd, "write_timeout"):
            assert time.monotonic() < end + GENEROUS, "it is not cut off"
            time.sleep(0.1)


def test_large_responses_are_served_beside_clients_that_do_not_read(crowd: Live) -> None:
    """Those that read nothing are cut off for one that waits; it repeats a 503 as `Retry-After` says, a few times."""
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", crowd.port))
            connection.sendall(ask_for(b"{ big }"))
        for _ in range(5):
            answer = crowd.ask(post(b'{"query":"{ big }"}'))
            if b" 503 " not in answer[:20]:
                break
            time.sleep(1)
        assert len(answer) > 10_000_000


def test_a_client_that_reads_slowly_is_served(crowd: Live) -> None:
    """Longer than `write_timeout`, but it always makes progress."""
    with crowd.connect() as connection:
        connection.sendall(post(b'{"query":"{ big }"}'))
        size, began = 0, time.monotonic()
        while part := connection.recv(1_000_000):
            size += len(part)
            time.sleep(0.3 if time.monotonic() - began < 2 * WRITE_TIMEOUT else 0)
        assert size > 10_000_000
        assert time.monotonic() - began > WRITE_TIMEOUT


def test_pipelined_requests_that_hang(crowd: Live) -> None:
    """What waits behind the first request is bounded: the connection is not read any more."""
    body = b'{"query":"{ wait }","variables":{"a":"' + b"x" * 60_000 + b'"}}'
    with promised(crowd, "20 connections of 60 pipelined requests of 60 kB"), ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(crowd.connect())
            connection.setblocking(False)
            send_all(connection, post(body).replace(b"connection: close\r\n", b"") * 60)
        time.sleep(1)


def test_five_thousand_hanging_requests(crowd: Live) -> None:
    """`max_requests` are taken, connections beyond `max_connections` are refused, and probes are answered always."""
    before = descriptors(crowd.gateway.process.pid)
    pid, resident = crowd.gateway.process.pid, crowd.resident()
    with ExitStack() as stack:
        connections = []
        for number in range(5000):
            connection = stack.enter_context(crowd.connect())
            send_all(connection, ask_for(b"{ hang }"))
            connections.append(connection)
            if number % 500 == 499:
                answer = crowd.ask(PROBE)
                assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        time.sleep(0.5)
        refused = [receive(each) for each in connections[MAX_REQUESTS:]]
        assert sum(b"SERVER_OVERLOADED" in each and b"retry-after: 1" in each for each in refused) > 3000
        hanging = sum(_is_hanging(each) for each in connections[:MAX_REQUESTS])
        peak, held = crowd.resident(), descriptors(pid)
    print(f"5,000 hanging requests: memory {resident:.0f} -> {peak:.0f} MB, descriptors {before} -> {held}")
    print(f"{hanging} requests hang; {sum(not each for each in refused)} of 4,000 were cut off without an answer")
    assert MAX_REQUESTS - ATTACKERS <= hanging <= MAX_REQUESTS
    assert held - before <= MAX_CONNECTIONS + 100
    assert peak <= 1.5 * resident + 60
    wait_until_back(crowd, before)
    assert count_refusals(crowd, "max_requests") > 0


def wait_until_back(attacked: Live, descriptors_before: int) -> None:
    """The connections are closed, and the gateway lives without a traceback."""
    end = time.monotonic() + GENEROUS
    while descriptors(attacked.gateway.process.pid) > descriptors_before + 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert attacked.gateway.process.poll() is None
    assert "Traceback" not in attacked.gateway.output, attacked.gateway.output[-3000:]


def _is_hanging(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(1, socket.MSG_PEEK) and False
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_idle_connections_beyond_the_limit(crowd: Live) -> None:
    """Connections that say nothing leave room for probes."""
    before = descriptors(crowd.gateway.process.pid)
    with ExitStack() as stack:
        for _ in range(2500):
            stack.enter_context(crowd.connect())
        assert crowd.ask(PROBE).startswith(b"HTTP/1.1 200")
        assert b"SERVER_OVERLOADED" in crowd.ask(post(b'{"query":"{ __typename }"}'))
        time.sleep(4)  # those beyond are closed after a second, and a moment to read why
        assert descriptors(crowd.gateway.process.pid) <= before + MAX_CONNECTIONS + 100
    wait_until_back(crowd, before)
