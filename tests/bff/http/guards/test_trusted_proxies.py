"""`X-Forwarded-*` and `Forwarded` say something only if a trusted proxy sends them."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from bff.http.door import http_app
from bff.http.guards.trusted_proxies import FORWARDED, TrustedProxies
from bff.http.options import Options
from tests.bff.http.world import FakeGateway
from tests.serving import serving

PROXIES = TrustedProxies(["10.0.0.0/8", "fd00::/8"])
PROXY = "10.0.0.1"


def apply(peer: str, kind: str = "http", **headers: str) -> tuple[str, str, dict[str, str]]:
    """The client's address, the scheme, and the headers afterwards."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    scope: dict[str, Any] = {"type": kind, "client": (peer, 5), "scheme": "ws" if kind == "websocket" else "http"}
    before = dict(scope)
    found = PROXIES.apply(scope, named)
    assert scope == before  # the server's own is not changed
    return found["client"][0], found["scheme"], named


@pytest.mark.parametrize("peer", ["192.0.2.1", "11.0.0.1", "", "not an address", "::1"])
def test_a_strangers_words_are_removed(peer: str) -> None:
    """So that no upstream that they are forwarded to believes them."""
    lies = {name.replace("-", "_"): "10.0.0.9" for name in FORWARDED}
    assert apply(peer, **lies, accept="a", host="h") == (peer, "http", {"accept": "a", "host": "h"})


@pytest.mark.parametrize(
    ("chain", "client", "kept"),
    [
        ("198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("1.1.1.1, 198.51.100.7, 10.2.2.2", "198.51.100.7", "198.51.100.7, 10.2.2.2"),
        ("10.3.3.3, 10.2.2.2", "10.3.3.3", "10.3.3.3, 10.2.2.2"),
        ("198.51.100.7:4711", "198.51.100.7", "198.51.100.7"),
        ("[2001:DB8::1]:80, fd00::2", "2001:db8::1", "2001:db8::1, fd00::2"),
        ("::ffff:198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, unknown, 10.2.2.2", "10.2.2.2", "10.2.2.2"),
        ("198.51.100.7, <script>", PROXY, PROXY),
        (",", PROXY, PROXY),
    ],
)
def test_the_chain_is_read_from_its_end(chain: str, client: str, kept: str) -> None:
    """Past trusted addresses; what a client claims before itself is not passed on."""
    found, _, headers = apply(PROXY, x_forwarded_for=chain, x_real_ip="1.1.1.1")
    assert (found, headers["x-forwarded-for"], headers["x-real-ip"]) == (client, kept, client)


def test_scheme_and_host_are_those_of_the_client() -> None:
    """Those that stand as far from the end as its address does; a scheme that is none does not count."""
    address, scheme, headers = apply(
        PROXY, x_forwarded_for="198.51.100.7", x_forwarded_proto="https", x_forwarded_host="shop.example", host="inner"
    )
    assert (address, scheme, headers["host"]) == ("198.51.100.7", "https", "shop.example")
    _, scheme, headers = apply(
        PROXY,
        x_forwarded_for="9.9.9.9, 8.8.8.8, 10.2.2.2",
        x_forwarded_proto="http, https, http",
        x_forwarded_host="a, b, c",
    )
    assert (scheme, headers["host"], headers["x-forwarded-proto"]) == ("https", "b", "https")
    _, scheme, headers = apply(PROXY, x_forwarded_proto="gopher", host="inner")
    assert (scheme, headers["host"], headers["x-forwarded-proto"]) == ("http", "inner", "http")
    assert apply(PROXY, "websocket", x_forwarded_proto="https")[1] == "wss"


def test_the_standard_form() -> None:
    """RFC 7239: quotes, ports, and one element for each proxy."""
    header = 'for=1.1.1.1;proto=http, For="[2001:db8::7]:80";Proto=https;host="shop.example", for=10.2.2.2;proto=http'
    assert apply(PROXY, forwarded=header, host="inner") == (
        "2001:db8::7",
        "https",
        {"host": "shop.example", "x-forwarded-host": "shop.example", "x-forwarded-for": "2001:db8::7, 10.2.2.2"},
    )
    for broken in ('for="198.51.100.7', "for=198.51.100.7;;", "198.51.100.7", "for=_hidden", "for=1.1.1.1, " * 400):
        assert apply(PROXY, forwarded=broken)[0] == PROXY


def test_two_forms_that_disagree_say_nothing() -> None:
    """A proxy that writes one of them passes on the other from its client, who may claim anything in it."""
    address, scheme, headers = apply(
        PROXY, x_forwarded_for="1.1.1.1", forwarded="for=198.51.100.7", x_forwarded_host="evil", host="inner"
    )
    assert (address, scheme, headers) == (PROXY, "http", {"host": "inner"})
    assert apply(PROXY, x_forwarded_for="1.1.1.1", forwarded="for=1.1.1.1")[0] == "1.1.1.1"


def test_a_long_chain_costs_little() -> None:
    """60 kB of trusted addresses, and of what is nearly a pair."""
    began = time.process_time()
    apply(PROXY, x_forwarded_for="10.0.0.2," * 7000, forwarded='for="\\' * 8000)
    assert time.process_time() - began < 0.05


async def test_the_gateway_sees_the_client_and_not_the_proxy() -> None:
    """And without `trusted_proxies` the peer, whatever it says; an upstream is never told a lie."""
    for trusted, address, forwarded in ((("127.0.0.0/8",), "198.51.100.7", "198.51.100.7"), ((), "127.0.0.1", None)):
        gateway = FakeGateway()
        app = http_app(
            lambda gateway=gateway: gateway, Options(trusted_proxies=trusted, hosts=("shop.example", "127.0.0.1"))
        )
        async with serving(app) as url, httpx.AsyncClient() as client:
            headers = {"x-forwarded-for": "1.1.1.1, 198.51.100.7", "x-forwarded-host": "shop.example"}
            answer = await client.post(f"{url}/graphql", json={"query": "{ hello }"}, headers=headers)
            assert answer.status_code == 200
            (request,) = gateway.requests
            assert (request.client, request.headers.get("x-forwarded-for")) == (address, forwarded)
            headers["x-forwarded-host"] = "evil.example"
            answer = await client.post(f"{url}/graphql", json={"query": "{ hello }"}, headers=headers)
            assert answer.status_code == (400 if trusted else 200)
