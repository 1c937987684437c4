"""The admin port: what operators read there, and what the public port keeps to itself."""

from __future__ import annotations

import socket

import httpx
import pytest

from bff.http.door import http_app
from bff.http.options import Admin, Options
from bff.http.server.admin import check_admin, open_admin
from bff.http.server.run import PortInUse
from tests.bff.http.world import FakeGateway
from tests.e2e.command import free_port
from tests.serving import serving


async def test_details_and_metrics_are_at_the_admin_port_only() -> None:
    """Whatever the mode is; the public port still has its probes."""
    gateway = FakeGateway()
    gateway.missing = {"pricing": "cannot be reached"}
    options = Options(admin=Admin(port=free_port()))
    assert options.admin is not None
    app = http_app(lambda: gateway, options, metrics=lambda: b"figures 1\n")
    admin = f"http://127.0.0.1:{options.admin.port}"
    async with serving(app, options) as public, httpx.AsyncClient() as client:
        ready = await client.get(f"{admin}/ready")
        assert (ready.status_code, ready.json()["upstreams"]) == (503, {"pricing": "cannot be reached"})
        assert (await client.get(f"{admin}/live")).status_code == 200
        assert (await client.get(f"{admin}/metrics")).content == b"figures 1\n"
        for path in ("/graphql", "/graphql/web", "/", "/graphiql/bar.css"):
            assert (await client.get(admin + path, headers={"accept": "text/html"})).status_code == 404
        ready = await client.get(f"{public}/ready")
        assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})
        assert (await client.get(f"{public}/live")).status_code == 200
        assert (await client.get(f"{public}/metrics")).status_code == 404
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{admin}/live")


@pytest.mark.parametrize(("host", "status"), [("localhost", 200), ("evil.example", 400)])
async def test_a_page_cannot_lead_its_name_to_the_port(host: str, status: int) -> None:
    """DNS rebinding: on loopback neither figures nor the names of upstreams are read under another name."""
    gateway = FakeGateway()
    gateway.missing = {"pricing": "cannot be reached"}
    options = Options(admin=Admin(port=free_port()))
    assert options.admin is not None
    app = http_app(lambda: gateway, options, metrics=lambda: b"figures 1\n")
    async with serving(app, options), httpx.AsyncClient(headers={"host": host}) as client:
        admin = f"http://127.0.0.1:{options.admin.port}"
        assert (await client.get(f"{admin}/metrics")).status_code == status
        ready = await client.get(f"{admin}/ready")
        assert (ready.status_code, "upstreams" in ready.json()) == (503, status == 200)


async def test_details_of_the_public_port_are_for_its_names() -> None:
    """Probes name the address of a container, and get the status."""
    gateway = FakeGateway()
    gateway.missing = {"pricing": "cannot be reached"}
    options = Options(hosts=("localhost",))
    async with serving(http_app(lambda: gateway, options), options) as public, httpx.AsyncClient() as client:
        for host, has_details in (("localhost", True), ("10.0.0.7", False)):
            ready = await client.get(f"{public}/ready", headers={"host": host})
            assert (ready.status_code, "upstreams" in ready.json()) == (503, has_details)


async def test_workers_share_the_port() -> None:
    """And all of them leave it in the end."""

    async def app(scope: object, receive: object, send: object) -> None: ...

    admin = Admin(port=free_port())
    async with open_admin(app, admin) as first, open_admin(app, admin) as second:
        assert first == second == admin.port
    check_admin(Options(admin=admin))


def test_a_port_that_is_taken_is_said_before_the_start() -> None:
    """In one line, with the option."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortInUse, match=r"^server.admin: cannot listen at 127.0.0.1:\d+: .*; choose another port$"):
            check_admin(Options(admin=Admin(port=other.getsockname()[1])))
    check_admin(Options())
