"""The server around the door: its port, its certificate, its bounds on slow and endless clients, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from bff.http.asgi import App
from bff.http.door import http_app
from bff.http.options import Options, Timeouts, Tls
from bff.http.server.run import BadCertificate, CannotListen, PortInUse, address, listen, run, serve
from tests.bff.http.world import FakeGateway, World, connected, open_world, reply
from tests.serving import serving
from tests.waiting import GENEROUS, time_limit, until


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


async def received(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    try:
        while part := await asyncio.to_thread(client.recv, 65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


async def test_a_head_without_end(world: World) -> None:
    """431, whether it is one header or many."""
    for line in (b"a", b"x-a: b\r\n"):
        with connected(world) as client:
            client.sendall(b"GET /live HTTP/1.1\r\nhost: x\r\nx-long: ")
            try:
                for _ in range(100):
                    client.sendall(line * (20_000 // len(line)))
                    await asyncio.sleep(0.001)
            except (BrokenPipeError, ConnectionResetError):
                pass
            answer = await received(client)
            assert answer.startswith(b"HTTP/1.1 431") or not answer


@pytest.mark.parametrize("sent", [b"", b"GET /live HT", b"GET /live HTTP/1.1\r\nhost: x\r\nx-slow: "])
async def test_a_head_that_does_not_come(sent: bytes) -> None:
    """The connection is closed, also when a good request came before."""
    async with open_world(Timeouts(head=0.2)) as world:
        good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
        for before in (b"", good):
            if before and not sent:
                continue  # that is an idle connection, which is kept
            with connected(world) as client:
                client.sendall(before + sent)
                async with time_limit():
                    answer = await received(client)
                assert answer.startswith(b"HTTP/1.1 200") == bool(before)


async def test_an_idle_connection_is_kept() -> None:
    """The clock runs for those who have begun something."""
    async with open_world(Timeouts(head=0.1)) as world:
        good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
        with connected(world) as client:
            for _ in range(2):
                client.sendall(good)
                assert (await reply(client)).startswith(b"HTTP/1.1 200")
                await asyncio.sleep(0.3)


async def test_a_connection_that_is_not_used_any_more_is_closed() -> None:
    """So long after its last answer; neither earlier nor while one is being made."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(1.2 if scope.get("path") == "/slow" else 0)
        await door()(scope, receive, send)

    async with serving(slow, timeouts=Timeouts(idle_connection=1)) as url, time_limit():
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=GENEROUS) as client:
            for path in (b"/live", b"/live", b"/slow", b"/live"):
                asked = asyncio.get_running_loop().time()
                client.sendall(b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path)
                assert (await reply(client)).startswith(b"HTTP/1.1 404" if path == b"/slow" else b"HTTP/1.1 200")
                await asyncio.sleep(0.1)
            began = asyncio.get_running_loop().time()
            assert await received(client) == b""
            assert asyncio.get_running_loop().time() - asked >= 1
            assert asyncio.get_running_loop().time() - began < GENEROUS


async def test_a_refused_body_is_read_so_that_the_refusal_is(world: World) -> None:
    """A client that sends everything before it reads still gets its 413, and the connection is good for more."""
    for _ in range(2):
        answer = await world.client.post(
            f"{world.url}/graphql", content=b"x" * 20_000_000, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413


async def test_a_refused_body_without_end(world: World) -> None:
    """Neither in bytes nor in time."""
    head = b"POST /nope HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n"
    with connected(world) as client:
        client.sendall(head)
        assert (await reply(client)).startswith(b"HTTP/1.1 404")
        sent = 0
        with suppress(BrokenPipeError, ConnectionResetError):
            while sent < 100_000_000:
                client.sendall(b"x" * 100_000)
                sent += 100_000
                await asyncio.sleep(0)
        assert sent < 100_000_000
    async with open_world(Timeouts(head=0.3)) as hasty:
        with connected(hasty) as client:
            client.sendall(head)
            await reply(client)
            client.sendall(b"x")
            async with time_limit():
                assert await received(client) == b""


async def test_requests_that_nobody_reads_the_answers_of(world: World) -> None:
    """A few may wait in line; a client that sends thousands is cut off."""
    world.gateway.delay = 60
    body = b'{"query": "{ hello }"}'
    head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    with connected(world) as client:
        client.sendall((head + body) * 500)
        async with time_limit():
            assert await received(client) == b""
    await until(lambda: world.gateway.cancelled == len(world.gateway.requests))


async def test_requests_in_one_packet(world: World) -> None:
    """Are answered in order."""
    good = b"GET /live HTTP/1.1\r\nhost: x\r\n\r\n"
    with connected(world) as client:
        client.sendall(good * 3 + good.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        assert (await received(client)).count(b"HTTP/1.1 200") == 4


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
            output = await process.stdout.readuntil(b"answering\n")
            os.kill(process.pid, signal.SIGTERM)
            assert (await asking).json() == {"data": {"hello": "hello world"}}
            await process.wait()
        assert b"Traceback" not in await process.stderr.read()
        assert b"cannot watch files" in output + await process.stdout.read()
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
