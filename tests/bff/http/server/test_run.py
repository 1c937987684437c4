"""The server around the door: its port, its certificate, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from pathlib import Path

import httpx
import pytest
import trustme

from bff.http.asgi import App
from bff.http.door import http_app
from bff.http.options import Options, Tls
from bff.http.server.run import BadCertificate, CannotListen, PortInUse, address, listen, run, serve
from tests.bff.http.world import FakeGateway, World
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit


def door() -> App:
    """An app of its own."""
    return http_app(lambda: FakeGateway(), Options())


async def test_a_port_in_use_is_named() -> None:
    """With what to do."""
    with listen(Options(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"port {port} of 127.0.0.1 is in use; stop what .* --port"):
            await serve(door(), Options(port=port))


async def test_an_address_that_is_not_ours() -> None:
    """Cannot be listened at."""
    with pytest.raises(CannotListen, match=r"cannot listen at 203\.0\.113\.1:0: .*--host"):
        listen(Options(host="203.0.113.1", port=0))


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")]
)
def test_the_address_that_people_open(host: str, shown: str) -> None:
    """One that a browser on this machine reaches."""
    options = Options(host=host, port=0)
    with listen(options) as listening:
        assert address(options, listening) == f"http://{shown}:{listening.getsockname()[1]}"


async def test_https(tmp_path: Path) -> None:
    """With a certificate and key of one's own."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "all.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    options = Options(tls=Tls(cert=tmp_path / "all.pem", key=tmp_path / "all.pem"))
    async with serving(door(), options) as url, httpx.AsyncClient(verify=context) as client:
        answer = await client.post(url.replace("http:", "https:") + "/graphql", json={"query": "{ hello }"})
        assert answer.json() == {"data": {"hello": "hello world"}}


async def test_a_certificate_that_cannot_be_used(tmp_path: Path) -> None:
    """Is named before anything listens."""
    (tmp_path / "cert.pem").write_text("nonsense")
    options = Options(port=0, tls=Tls(cert=tmp_path / "cert.pem", key=tmp_path / "cert.pem"))
    with pytest.raises(BadCertificate, match=r"server\.tls: .*cert\.pem.* cannot be used: .*PEM"):
        await serve(door(), options)


async def test_nothing_names_the_server(world: World) -> None:
    """Its kind and version help nobody but attackers."""
    answer = await world.client.get(f"{world.url}/live")
    assert "server" not in answer.headers
    assert "date" in answer.headers


SCRIPT = """
import asyncio
from bff.http.door import http_app
from bff.http.asgi import App
from bff.http.options import Options
from bff.http.server.run import run, serve
from tests.bff.http.world import FakeGateway

async def broken():
    raise RuntimeError("cannot watch files")

class Announcing(FakeGateway):
    async def answer(self, request):
        print("answering", flush=True)
        return await super().answer(request)

gateway = Announcing()
gateway.delay = 0.5
app = http_app(lambda: gateway, Options())
run(serve(app, Options(port=0), beside=[broken], started=lambda address: print(address, flush=True)))
"""


async def test_sigterm_finishes_what_is_under_way() -> None:
    """The answer comes, then the process ends. Work beside the server that failed long ago is in the log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with time_limit(), httpx.AsyncClient(timeout=GENEROUS) as client:
            url = (await process.stdout.readline()).decode().strip()
            asking = asyncio.create_task(client.post(f"{url}/graphql", json={"query": "{ hello }"}))
            await process.stdout.readuntil(b"answering\n")
            os.kill(process.pid, signal.SIGTERM)
            assert (await asking).json() == {"data": {"hello": "hello world"}}
            await process.wait()
        log = await process.stderr.read()
        assert log.count(b"Traceback") == log.count(b"cannot watch files") == 1
        assert b"Traceback" not in await process.stdout.read()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_the_loop_is_the_fast_one() -> None:
    """uvloop, where it is."""
    loops: list[str] = []

    async def main() -> None:
        loops.append(type(asyncio.get_running_loop()).__module__)

    run(main())
    assert loops == ["uvloop"]


async def test_answers_are_not_held_back_for_an_acknowledgement() -> None:
    """Whichever event loop serves: without TCP_NODELAY an answer in two parts takes 40 ms more."""
    made: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Accepted(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    listening = listen(Options(port=0))
    async with await asyncio.get_running_loop().create_server(Accepted, sock=listening):
        _, writer = await asyncio.open_connection(*listening.getsockname())
        assert await made
        writer.close()
