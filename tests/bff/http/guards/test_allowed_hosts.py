"""Which names a request may address the gateway by: DNS rebinding, and the default for each address."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bff.http.door import http_app
from bff.http.guards.allowed_hosts import AllowedHosts, choose_hosts, is_loopback
from bff.http.options import Options
from tests.bff.http.world import FakeGateway
from tests.serving import serving
from tests.waiting import GENEROUS


@pytest.mark.parametrize(
    ("hosts", "host", "is_allowed"),
    [
        (("shop.example",), "shop.example", True),
        (("shop.example",), "SHOP.example.:8443", True),
        (("shop.example",), "evil.example", False),
        (("shop.example",), "shop.example.evil.example", False),
        (("shop.example",), "a.shop.example", False),
        (("*.shop.example",), "a.b.shop.example", True),
        (("*.shop.example",), "shop.example", False),
        (("*.shop.example",), "evilshop.example", False),
        (("::1",), "[::1]:8000", True),
        (("127.0.0.1",), "127.0.0.1.evil.example", False),
        (("127.0.0.1",), "", False),
        (("<local>",), "gateway:8000", True),
        (("<local>",), "gateway.", True),
        (("<local>",), "evil.example", False),
        (("<local>",), "::1", False),
        (("<local>",), "", False),
        (("*",), "evil.example", True),
        (None, "evil.example", True),
        ((), "localhost", False),
    ],
)
def test_names(hosts: tuple[str, ...] | None, host: str, is_allowed: bool) -> None:
    """Compared whole, without case, port and final dot."""
    assert AllowedHosts(hosts).is_allowed(host) is is_allowed


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("shop.example", False),
    ],
)
def test_the_default_depends_on_the_address(address: str, loopback: bool) -> None:
    """Loopback answers to loopback's names; other addresses to every name, and an option wins."""
    assert is_loopback(address) is loopback
    allowed = AllowedHosts(choose_hosts(None, address))
    assert allowed.is_allowed("evil.example") is not loopback
    for name in ("localhost:8000", "app.localhost", "127.0.0.1:1", "[::1]"):
        assert allowed.is_allowed(name)
    assert choose_hosts(("a.example",), address) == ("a.example",)


async def test_dns_rebinding_reaches_nothing() -> None:
    """A page that leads its own name to this machine: over HTTP, in any form of target, and by websocket."""
    gateway = FakeGateway()
    options = Options(hosts=choose_hosts(None, "127.0.0.1"))
    async with serving(http_app(lambda: gateway, options)) as url, httpx.AsyncClient() as client:
        evil = {"host": "evil.example", "origin": "http://evil.example"}
        for _ in range(2):  # what is known as good is looked up
            good = await client.post(f"{url}/graphql", json={"query": "{ hello }"})
            assert good.status_code == 200
            refused = await client.post(f"{url}/graphql", json={"query": "{ hello }"}, headers=evil)
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (400, "HOST_NOT_ALLOWED")
        assert len(gateway.requests) == 2
        assert (await client.get(f"{url}/metrics", headers=evil)).status_code == 400
        assert (await client.get(f"{url}/live", headers=evil)).status_code == 200  # a probe names a container's address
        port = int(url.rpartition(":")[2])
        upgrade = b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
        upgrade += b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
        for target, host, more, status in (
            ("/graphql", "evil.example", upgrade, 400),
            ("/graphql", f"127.0.0.1:{port}", upgrade, 101),
            ("http://evil.example/graphql", "localhost", upgrade, 400),
            ("http://evil.example/graphql?query={hello}", "localhost", b"", 400),
            ("http://localhost@evil.example/graphql?query={hello}", "localhost", b"", 400),
            ("http://localhost/graphql?query={hello}", "evil.example", b"", 200),
            ("http://[::1]:80/graphql?query={hello}", "evil.example", b"", 200),
            ("/graphql?query={hello}", "localhost:evil.example", b"", 400),
            ("/graphql?query={hello}", "localhost, evil.example", b"", 400),
        ):
            head = f"GET {target} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n".encode() + more + b"\r\n"
            assert await read_status(port, head) == status, (target, host)


async def read_status(port: int, head: bytes) -> int:
    """The status of the response to a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    line = await asyncio.wait_for(reader.readline(), GENEROUS)
    writer.close()
    return int(line.split()[1])
