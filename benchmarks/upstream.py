"""The REST service that everything fetches from: `python -m benchmarks.upstream PORT`.

A bare protocol on uvloop, so that it takes little of the core it shares with the load. `GET /-/reset?delay=0.005` sets
the delay of every reply in seconds and forgets the counts; `GET /-/counts` tells them.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import orjson
import uvloop

from benchmarks.world import COMPANIES, POSTS, RECORDS, USERS

_LISTS: dict[str, Any] = {"/posts": POSTS, "/records": RECORDS}
_BY_ID = {"/users": USERS, "/companies": COMPANIES}
_ONE = re.compile(r"(/\w+)/(\d+)")


class State:
    """What all connections share."""

    delay = 0.0
    calls = 0
    anonymous = 0
    """Calls without an Authorization header."""
    replies: dict[bytes, bytes] = {}
    """Whole responses by target; there are few."""


def _response(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def _reply(target: bytes) -> bytes:
    parts = urlsplit(target.decode())
    if parts.path in _LISTS:
        return _response(orjson.dumps(_LISTS[parts.path]))
    if parts.path in _BY_ID:
        wanted = parse_qs(parts.query).get("id", [])
        return _response(orjson.dumps([_BY_ID[parts.path][int(each)] for each in wanted]))
    if (one := _ONE.fullmatch(parts.path)) and one[1] in _BY_ID:
        return _response(orjson.dumps(_BY_ID[one[1]][int(one[2])]))
    return _response(b"{}", b"404 Not Found")


def _controlled(target: bytes) -> bytes:
    parts = urlsplit(target.decode())
    if parts.path == "/-/reset":
        State.delay = float(parse_qs(parts.query)["delay"][0])
        State.calls = State.anonymous = 0
    return _response(orjson.dumps({"calls": State.calls, "anonymous": State.anonymous}))


class Server(asyncio.Protocol):
    """One connection. Requests have no body and come one after the other."""

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1]
        if target.startswith(b"/-/"):
            self._transport.write(_controlled(target))
            return
        State.calls += 1
        State.anonymous += b"uthorization:" not in head
        reply = State.replies.get(target)
        if reply is None:
            reply = State.replies[target] = _reply(target)
        if State.delay:
            asyncio.get_running_loop().call_later(State.delay, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
