"""How websockets are opened: what reaches the server, and what each failure means."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from connectors.contract import Operation
from connectors.errors import UpstreamBadReply, UpstreamRejected, UpstreamUnauthenticated, UpstreamUnreachable
from connectors.transport.resolve import DnsOptions, Resolver
from connectors.transport.websocket import is_too_big, open_websocket
from tests.connectors.conformance import free_port
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS

WATCH = Operation(upstream="ticker", name="socket")


async def _open(address: str, **options: Any) -> ClientConnection:
    defaults: dict[str, Any] = {"headers": {}, "subprotocol": None, "tls": None, "timeout": GENEROUS, "max_size": 100}
    defaults["resolver"] = Resolver(DnsOptions())
    return await open_websocket(WATCH, address, **{**defaults, **options})


async def test_headers_and_nothing_of_the_environment_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy is used, whatever the environment says."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    async with Upstream() as upstream:
        connection = await _open(upstream.address, headers={"x-shop": "7"})
        assert upstream.handshakes[0].headers["x-shop"] == "7"
        await connection.close()


async def test_headers_arrive_as_the_bytes_that_came() -> None:
    """Received bytes are text as Latin-1, and are sent as Latin-1."""
    async with Upstream() as upstream:
        connection = await _open(upstream.address, headers={"x-name": b"Ren\xe9 \xc3\xa9".decode("latin-1")})
        assert upstream.handshakes[0].headers["x-name"].encode("latin-1") == b"Ren\xe9 \xc3\xa9"
        await connection.close()


async def test_a_message_that_is_too_big_closes_the_connection() -> None:
    """And is told apart from other closes."""
    async with Upstream() as upstream:
        connection = await _open(upstream.address)
        assert await upstream.has(clients=1)
        await upstream.say("x" * 101)
        with pytest.raises(ConnectionClosed) as big:
            await connection.recv()
        assert is_too_big(big.value)
        other = await _open(upstream.address)
        await upstream.drop()
        with pytest.raises(ConnectionClosed) as broken:
            await other.recv()
        assert not is_too_big(broken.value)


async def test_a_status_means_what_it_means_over_http() -> None:
    """With the status as the upstream's code."""
    async with Upstream() as upstream:
        upstream.refusal = 401
        with pytest.raises(UpstreamUnauthenticated) as caught:
            await _open(upstream.address)
    assert caught.value.upstream_code == "401"
    assert (caught.value.status, caught.value.body) == (401, "no\n")


async def test_redirects_are_not_followed() -> None:
    """They would take the headers elsewhere."""
    async with HttpWorld(answer=lambda _: response(status=302, location="ws://127.0.0.1:1/")) as http:
        with pytest.raises(UpstreamBadReply):
            await _open(f"ws://127.0.0.1:{http.port}/")
        assert len(http.requests) == 1


async def test_http_without_an_upgrade_is_a_bad_reply() -> None:
    """An address of something else."""
    async with HttpWorld() as http:
        with pytest.raises(UpstreamBadReply, match="without a websocket"):
            await _open(f"ws://127.0.0.1:{http.port}/")


async def test_nobody_there_is_unreachable() -> None:
    """A refused connection, and a host name that cannot be."""
    for address in (f"ws://127.0.0.1:{free_port()}", f"ws://{'x' * 64}.example"):
        with pytest.raises(UpstreamUnreachable):
            await _open(address)


async def test_an_address_of_another_kind_is_rejected() -> None:
    """Before anything is sent."""
    with pytest.raises(UpstreamRejected, match="cannot be used"):
        await _open("http://127.0.0.1")
