"""Hostile bytes on the wire: bodies, headers and connections as no client makes them, while an innocent client asks."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from bff.http.server.http_protocol import MAX_PIPELINED
from tests.abuse.documents import nested
from tests.abuse.live import CODE, Live, is_good, post, receive, send_all
from tests.waiting import GENEROUS

ORDER = 'mutation($l:[OrderLineInput!]!){placeOrder(customer:1,key:"k",lines:$l){id}}'


def asking(variables: bytes, query: str = "query($v:ID!){product(id:$v){id}}") -> bytes:
    return b'{"query":%b,"variables":%b}' % (json.dumps(query).encode(), variables)


def keys_of_one_hash(count: int) -> bytes:
    """Numbers that leave the same rest when divided by a Mersenne prime, as names: for a table that hashes them so."""
    return b"{" + b",".join(b'"%d":1' % (each * (2**61 - 1)) for each in range(count)) + b"}"


BODIES = {
    "a string": b'"x"',
    "an array": b"[]",
    "a batch of 10,000": b"[" + b",".join([b'{"query":"{__typename}"}'] * 10_000) + b"]",
    "a number": b"1",
    "a number of 100,000 digits": b"9" * 100_000,
    "null": b"null",
    "NaN": b"NaN",
    "nothing": b"",
    "NUL bytes": b"\0" * 1000,
    "a query with a NUL byte": b'{"query":"{__type\0name}"}',
    "invalid UTF-8": b'{"query":"{__typename}\xff\xfe"}',
    "UTF-16": '{"query":"{__typename}"}'.encode("utf-16"),
    "overlong UTF-8": b'{"query":"\xc0\xaf"}',
    "a lone surrogate": rb'{"query":"{__typename}\ud800"}',
    "a lone surrogate in the operation's name": rb'{"query":"query A{__typename}","operationName":"\udfff"}',
    "a lone surrogate as bytes": b'{"query":"{__typename}\xed\xa0\x80"}',
    "a lone surrogate in a variable": asking(rb'{"v":"\ud800"}'),
    "an array nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "variables nested 100,000 deep": asking(nested('{"v":', 100_000, "1").encode()),
    "variables nested 900 deep": asking(nested('{"v":', 900, "1").encode()),
    "extensions nested 100,000 deep": b'{"query":"{__typename}","extensions":%b}'
    % nested('{"a":', 100_000, "1").encode(),
    "a huge integer": asking(b'{"v":' + b"9" * 100_000 + b"}"),
    "an integer of 4,000 digits": asking(b'{"v":' + b"9" * 4_000 + b"}"),
    "an integer of 4,000 digits for an Int": asking(
        b'{"v":' + b"9" * 4_000 + b"}", "query($v:Int!){products(first:$v){total}}"
    ),
    "a huge exponent": asking(b'{"v":1e' + b"9" * 10_000 + b"}"),
    "a variable of 900 KB": asking(b'{"v":"' + b"x" * 900_000 + b'"}', "query($v:Int!){products(first:$v){total}}"),
    "an operation name of 900 KB": b'{"query":"{__typename}","operationName":"' + b"x" * 900_000 + b'"}',
    "100,000 keys": asking(b"{" + b",".join(b'"k%d":1' % each for each in range(70_000)) + b"}"),
    "keys of one hash": asking(keys_of_one_hash(30_000)),
    "one key 100,000 times": asking(b"{" + b",".join([b'"v":1'] * 100_000) + b"}"),
    "a list of 450,000 wrong values": asking(b'{"l":[' + b"1," * 449_999 + b"1]}", ORDER),
    "a list of 300,000 empty objects": asking(b'{"l":[' + b"{}," * 299_999 + b"{}]}", ORDER),
    "a list of 9,000 wrong values": asking(b'{"l":[' + b"1," * 8_999 + b"1]}", ORDER),
    "a list of 4,900 objects": asking(b'{"l":[' + b'{"sku":"x"},' * 4_899 + b'{"sku":"x"}]}', ORDER),
    "lists in lists": asking(b'{"l":' + b"[" * 900 + b"]" * 900 + b"}", ORDER),
    "10 MB": b"x" * 10_000_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies(attacked: Live, name: str) -> None:
    """Each is refused with a code, or answered."""
    answers = attacked.flood(f"body: {name}", [post(BODIES[name])] * 4)
    assert all(CODE.search(answer) or b'"data"' in answer for answer in answers)


HEADERS = {
    "10,000 headers": b"\r\n".join(b"x-%d: 1" % each for each in range(10_000)),
    "a header of 1 MB": b"x-a: " + b"a" * 1_000_000,
    "a header without a colon": b"nonsense",
    "a header of NUL bytes": b"x-a: \0\0",
    "an Accept of 60 KB": b"accept: " + b"a/b;q=0.1," * 6_000,
    "a content type of 60 KB": b"content-type: application/json;" + b"charset=" * 7_000,
    "two lengths": b"content-length: 5",
    "a length and chunks": b"transfer-encoding: chunked",
    "a negative length": b"content-length: -1",
    "an endless length": b"content-length: " + b"9" * 1_000,
    "a request id of 10 KB": b"x-request-id: " + b"a" * 10_000,
    "bytes that are no ASCII": b"x-client: \xff\xfe",
    "an API key that is no ASCII": b"x-api-key: \xff\xfe",
    "an origin that is no URL": b"origin: //[",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(attacked: Live, name: str) -> None:
    """Each is refused, ignored, or ends the connection."""
    for answer in attacked.flood_or_cut(f"headers: {name}", [post(b'{"query":"{__typename}"}', HEADERS[name])] * 4):
        assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 200"))


REQUEST_LINES = {
    "a path of 1 MB": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "a query string of 60 KB": b"GET /graphql/web?query="
    + b"%7B" * 20_000
    + b" HTTP/1.1\r\nhost: localhost\r\naccept: application/graphql-response+json\r\nconnection: close\r\n\r\n",
    "10,000 parameters": b"GET /graphql/web?"
    + b"a=1&" * 10_000
    + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a path up": b"GET /graphiql/../../etc/passwd HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a path up, encoded": b"GET /graphiql/%2e%2e/%2e%2e/page.py HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a path of NUL": b"GET /graphiql/%00 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a path that is no UTF-8": b"GET /graphql/%ff%fe HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "a long frontend": b"GET /graphql/" + b"w" * 60_000 + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 1000,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another method": b"BREW /graphql/web HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "CONNECT": b"CONNECT example.test:443 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    "blank lines": b"\r\n" * 100_000,
    "a chunk of a nonsense size": b"POST /graphql/web HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", REQUEST_LINES)
def test_request_lines(attacked: Live, name: str) -> None:
    """Each is a 4xx, or ends the connection."""
    answers = attacked.flood_or_cut(f"request: {name}", [REQUEST_LINES[name]] * 4)
    assert all(not answer or answer.startswith(b"HTTP/1.1 4") for answer in answers), answers[0][:200]


def test_chunks_without_end(attacked: Live) -> None:
    """The body is cut off at its bound, and the refusal is read at once; the rest is thrown away."""
    head = b"POST /graphql/web HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = (b"3e8\r\n%b\r\n" % (b"x" * 1000)) * 1_100

    def attack() -> None:
        with attacked.connect() as connection:
            threading.Thread(target=send_all, args=(connection, head + chunks), daemon=True).start()
            answer = b""
            while b"BODY_TOO_LARGE" not in answer:
                part = connection.recv(65536)
                assert part, answer
                answer += part

    attacked.under("chunks without end", attack)
    tiny = head + b"1\r\n \r\n" * 100_000 + b"0\r\n\r\n"
    with attacked.connect() as connection:
        attacked.under("100,000 chunks of a byte", lambda: send_all(connection, tiny))


def test_pipelined_requests(attacked: Live) -> None:
    """A few are answered in their order; a flood is cut off."""
    one = post(b'{"query":"{ __typename }"}').replace(b"connection: close\r\n", b"")
    attacked.flood_or_cut("5,000 pipelined requests", [one * 5_000] * 2)
    with attacked.connect() as connection:
        connection.sendall(one * (MAX_PIPELINED // 2) + post(b'{"query":"{ last: __typename }"}'))
        answer = receive(connection)
    assert answer.count(b"HTTP/1.1 200") == MAX_PIPELINED // 2 + 1
    assert answer.endswith(b'{"data":{"last":"Query"}}')


def test_many_half_open_connections(hasty: Live) -> None:
    """Hundreds that say nothing, half a head or half a body hold nobody up, and are closed after a while."""
    parts = [b"", b"POST /graphql/web HTTP/1.1\r\nhost:", post(b"x" * 1000)[:-500]]
    with ExitStack() as stack:
        opened: list[socket.socket] = []

        def open_many() -> None:
            for number in range(300):
                connection = stack.enter_context(hasty.connect())
                connection.sendall(parts[number % 3])
                opened.append(connection)

        hasty.under("300 half-open connections", open_many)
        began = time.monotonic()
        slow = threading.Thread(target=_drip, args=(opened[1],), daemon=True)
        slow.start()
        for number in (0, 1, 2):
            opened[number].settimeout(GENEROUS)
            answer = receive(opened[number])
            assert (b"REQUEST_TIMEOUT" in answer) if number == 2 else not answer, answer
        assert time.monotonic() - began < GENEROUS
        slow.join(GENEROUS)


def _drip(connection: socket.socket) -> None:
    """A header that grows by a byte at a time."""
    for _ in range(300):
        try:
            connection.sendall(b"a")
        except OSError:
            return
        time.sleep(0.1)


def test_clients_that_hang_up(attacked: Live) -> None:
    """Who asks and goes, without and with a reset, leaves nothing behind."""
    request = post(b'{"query":"{ departments { name } }"}')

    def come_and_go() -> None:
        for number in range(200):
            with attacked.connect() as connection:
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                send_all(connection, request[: len(request) - number % 3])

    attacked.under("200 clients that hang up", come_and_go)
    is_good(attacked.ask(request))
