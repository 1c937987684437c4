"""The stop of a server: its order, and what ends it early."""

from __future__ import annotations

import asyncio
import socket

import httpx
import pytest

from bff.http.door import http_app
from bff.http.options import Options
from bff.http.server.run import listen, make_server
from bff.http.server.server import Server
from tests.bff.http.world import FakeGateway
from tests.waiting import GENEROUS, time_limit, until


async def started(**options: object) -> tuple[Server, asyncio.Task[None], str, FakeGateway]:
    """A server that is not stopped by signals."""
    gateway, chosen = FakeGateway(), Options.model_validate({"port": 0, **options})
    listening = listen(chosen)
    server = make_server(http_app(lambda: gateway, chosen), chosen)
    running = asyncio.create_task(server._serve([listening]))
    await until(lambda: server.started)
    return server, running, f"http://127.0.0.1:{listening.getsockname()[1]}", gateway


async def test_ready_first_then_the_port() -> None:
    """During the delay /ready answers 503 and all else is served; then nobody can connect."""
    server, running, url, _ = await started(shutdown_delay="1s")
    async with time_limit(), httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client:
        assert (await client.get(f"{url}/ready")).status_code == 200
        server.stop()
        while (await client.get(f"{url}/ready")).status_code == 200:
            await asyncio.sleep(0.01)
        assert (await client.get(f"{url}/ready")).json() == {"status": "stopping"}
        assert (await client.post(f"{url}/graphql", json={"query": "{ hello }"})).status_code == 200
        await running
    with socket.socket() as late:
        assert late.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) != 0


@pytest.mark.parametrize(("grace_period", "is_impatient"), [("200ms", False), ("10m", True)])
async def test_what_outlives_the_grace_period_is_aborted(grace_period: str, is_impatient: bool) -> None:
    """And so is what a second signal finds."""
    server, running, url, gateway = await started(grace_period=grace_period)
    gateway.delay = 600
    async with time_limit(), httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client:
        asking = asyncio.create_task(client.post(f"{url}/graphql", json={"query": "{ hello }"}))
        await until(lambda: len(gateway.requests) == 1)
        server.stop()
        if is_impatient:
            await asyncio.sleep(0.3)
            server.stop_now()
        await running
        assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], httpx.TransportError)
    assert gateway.cancelled == 1


async def test_the_last_response_closes_its_connection() -> None:
    """A request on a kept connection that comes after the signal is answered."""
    server, running, url, _ = await started()
    async with time_limit(), httpx.AsyncClient(timeout=GENEROUS, trust_env=False) as client:
        assert "connection" not in (await client.get(f"{url}/live")).headers
        server.stop()
        await until(lambda: server._load.is_stopping)
        assert (await client.get(f"{url}/live")).headers["connection"] == "close"
        await running
