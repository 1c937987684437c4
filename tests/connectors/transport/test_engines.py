"""One suite over all engines: what a Transport promises, against a server that misbehaves byte by byte."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
import trustme
import zstandard

from connectors.contract import Operation
from connectors.errors import (
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamRejected,
    UpstreamReplyTooLarge,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from connectors.options import TlsOptions
from connectors.transport import HttpOptions, HttpReply, Transport, open_transport
from tests.connectors.conformance import eventually, free_port
from tests.connectors.http_world import HANG, HttpWorld, Received, Say, listening, response
from tests.waiting import GENEROUS

READ = Operation(upstream="shop", name="GET /")
WRITE = Operation(upstream="shop", name="POST /", is_safe=False, is_idempotent=False)
ENGINES = ("asyncio", "httpx")

Get = Callable[..., Awaitable[HttpReply]]


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


def opened(engine: str, **options: Any) -> Transport:
    return open_transport(HttpOptions(address="http://unused", engine=engine, **options))


@pytest.fixture
async def transport(engine: str) -> AsyncGenerator[Transport]:
    transport = opened(engine, max_reply_size=50_000)
    yield transport
    await transport.close()


@pytest.fixture
def get(world: HttpWorld, transport: Transport) -> Get:
    """Ask the world for its root."""

    async def get(method: str = "GET", path: str = "/", operation: Operation = READ, **kwargs: Any) -> HttpReply:
        kwargs.setdefault("timeout", 5)
        return await transport.request(operation, method, world.url + path, **{"headers": {}, **kwargs})

    return get


async def test_a_request_arrives_as_it_was_given(world: HttpWorld, get: Get) -> None:
    """Method, target, headers and body reach the upstream unchanged."""
    await get("POST", "/a%2Fb/c?x=%20&y=1", headers={"x-one": "1", "content-type": "text/x"}, body=b"\x00body")
    received = world.requests[0]
    assert (received.method, received.target, received.body) == ("POST", "/a%2Fb/c?x=%20&y=1", b"\x00body")
    assert received.headers["x-one"] == "1"
    assert received.headers["content-type"] == "text/x"
    assert received.headers["host"] == f"localhost:{world.port}"


async def test_a_reply_has_status_headers_and_body(world: HttpWorld, get: Get) -> None:
    """Any status is a reply; header names are lower case and repeated ones joined."""
    world.answer = lambda _: Say(b"HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\ntea")
    reply = await get()
    assert (reply.status, reply.body) == (418, b"tea")
    assert reply.headers["x-a"] == "1, 2"


async def test_connections_are_used_again(world: HttpWorld, get: Get) -> None:
    """Calls one after another share one connection."""
    for _ in range(5):
        await get()
    assert world.connections == 1


async def test_no_more_connections_than_allowed(engine: str, world: HttpWorld) -> None:
    """`connections` bounds the pool; other calls wait their turn."""
    world.answer = lambda _: Say(response(b"ok").data, after=0.02)
    transport = opened(engine, max_connections=2)
    await asyncio.gather(
        *(transport.request(READ, "GET", world.url, headers={}, timeout=GENEROUS) for _ in range(8)),
    )
    await transport.close()
    assert world.connections <= 2


async def test_a_chunked_body_is_put_together(world: HttpWorld, get: Get) -> None:
    """Transfer coding is undone."""
    world.answer = lambda _: Say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    assert (await get()).body == b"abc"


async def test_a_body_without_length_ends_with_the_connection(world: HttpWorld, get: Get) -> None:
    """The oldest framing of HTTP still works."""
    world.answer = lambda _: Say(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", then="close")
    assert (await get()).body == b"abc"


async def test_head_and_no_content_have_no_body(world: HttpWorld, get: Get) -> None:
    """A HEAD's length is not waited for. The connection lives on where no body was announced."""
    world.answer = lambda request: Say(
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" if request.method == "HEAD" else b"HTTP/1.1 204 None\r\n\r\n"
    )
    assert (await get("DELETE")).status == 204
    assert (await get("HEAD")).body == b""
    assert world.connections == 1
    assert (await get("DELETE")).status == 204
    assert world.connections == 2


async def test_an_interim_response_is_skipped(world: HttpWorld, get: Get) -> None:
    """103 Early Hints comes before the answer and is not it."""
    world.answer = lambda _: Say(b"HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n" + response(b"ok").data)
    assert (await get()).body == b"ok"


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip", gzip.compress(b"hello", mtime=0)), ("deflate", zlib.compress(b"hello"))],
    ids=["gzip", "deflate"],
)
async def test_compressed_bodies_are_unpacked(world: HttpWorld, get: Get, coding: str, packed: bytes) -> None:
    """gzip and deflate are asked for and understood."""
    world.answer = lambda _: response(packed, content_encoding=coding)
    assert (await get()).body == b"hello"
    assert coding in world.requests[0].headers["accept-encoding"]


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("X-GZip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello", wbits=-15)),
        ("br", brotli.compress(b"hello")),
        ("zstd", zstandard.ZstdCompressor().compress(b"hello")),
        ("gzip, br", brotli.compress(gzip.compress(b"hello"))),
        ("gzip", gzip.compress(b"hello") + b"junk"),
        ("identity", b"hello"),
        ("none", b"hello"),
    ],
)
async def test_other_codings_are_undone(world: HttpWorld, get: Get, coding: str, packed: bytes) -> None:
    """Of upstreams that do not look at what was accepted."""
    world.answer = lambda _: response(packed, content_encoding=coding)
    assert (await get()).body == b"hello"


async def test_an_unknown_coding_is_named(world: HttpWorld, get: Get) -> None:
    """In a good reply with a body; a failure is what its status says."""
    world.answer = lambda _: response(b"hello", content_encoding="x-klingon")
    with pytest.raises(UpstreamBadReply, match="x-klingon"):
        await get()
    world.answer = lambda _: response(b"hello", 503, content_encoding="x-klingon")
    assert (await get()).status == 503
    world.answer = lambda _: response(b"", content_encoding="x-klingon")
    assert (await get()).body == b""


async def test_broken_compression_is_a_bad_reply(world: HttpWorld, get: Get) -> None:
    """What is not gzip is not data."""
    world.answer = lambda _: response(b"no gzip at all", content_encoding="gzip")
    with pytest.raises(UpstreamBadReply):
        await get()


async def test_cookies_are_not_kept(world: HttpWorld, get: Get) -> None:
    """A cookie set for one caller is never sent for the next."""
    world.answer = lambda _: response(b"ok", set_cookie="session=secret; Path=/")
    assert (await get()).headers["set-cookie"].startswith("session=")
    await get()
    assert "cookie" not in world.requests[1].headers


async def test_redirects_are_not_followed(world: HttpWorld, get: Get) -> None:
    """An upstream cannot send us elsewhere."""
    world.answer = lambda _: response(status=302, location="/elsewhere")
    assert (await get()).status == 302
    assert len(world.requests) == 1


async def test_proxies_of_the_environment_are_ignored(
    engine: str, world: HttpWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstreams are reached directly, whatever the shell says."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport = opened(engine)
    assert (await transport.request(READ, "GET", world.url, headers={}, timeout=GENEROUS)).body == b"ok"
    await transport.close()


async def test_a_body_over_the_limit_is_refused_unread(world: HttpWorld, get: Get) -> None:
    """A length that is announced is refused before the body comes."""
    world.answer = lambda _: Say(b"HTTP/1.1 200 OK\r\nContent-Length: 50001\r\n\r\n", then="hang")
    with pytest.raises(UpstreamReplyTooLarge, match="50000"):
        await get()


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_a_body_that_grows_over_the_limit_is_refused(world: HttpWorld, get: Get, coding: str) -> None:
    """Neither a missing length nor compression gets around `max_reply_size`."""
    body = gzip.compress(b"0" * 5_000_000) if coding else b"0" * 60_000
    head = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{'Content-Encoding: gzip' if coding else 'X-A: b'}\r\n\r\n"
    world.answer = lambda _: Say(head.encode() + body, then="close")
    with pytest.raises(UpstreamReplyTooLarge):
        await get()


async def test_a_body_of_just_the_limit_is_taken(world: HttpWorld, get: Get) -> None:
    """The limit itself is allowed."""
    world.answer = lambda _: response(b"x" * 50_000)
    assert len((await get()).body) == 50_000


async def test_endless_headers_are_refused(world: HttpWorld, get: Get) -> None:
    """The head of a response is bounded too."""
    world.answer = lambda _: Say(b"HTTP/1.1 200 OK\r\n" + b"x-filler: " + b"y" * 1_000_000, then="hang")
    with pytest.raises(UpstreamBadReply):
        await get()


async def test_a_refused_connection_is_unreachable(transport: Transport) -> None:
    """Nothing was sent."""
    with pytest.raises(UpstreamUnreachable):
        await transport.request(READ, "GET", f"http://127.0.0.1:{free_port()}/", headers={}, timeout=GENEROUS)


async def test_an_unknown_host_is_unreachable(transport: Transport) -> None:
    """A name without an address."""
    with pytest.raises(UpstreamUnreachable):
        await transport.request(READ, "GET", "http://no-such-host.invalid/", headers={}, timeout=GENEROUS)


async def test_a_connection_that_is_never_made_is_unreachable(engine: str) -> None:
    """The connect timeout is its own: surely nothing was sent, so a retry is safe."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, nobody ever speaks TLS
        transport = opened(engine, connect_timeout=0.1)
        with pytest.raises(UpstreamUnreachable):
            await transport.request(READ, "GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", headers={}, timeout=3)
        await transport.close()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf"])
async def test_a_slow_upstream_meets_the_timeout(world: HttpWorld, get: Get, said: bytes) -> None:
    """The timeout is for everything together, the body included, and closes the connection."""
    world.answer = lambda _: Say(said, then="hang")
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout):
        await get(timeout=0.2)
    assert 0.15 < time.monotonic() - began < GENEROUS
    assert await eventually(world.client_left)


async def test_a_timeout_on_a_warm_connection_is_a_timeout(world: HttpWorld, get: Get) -> None:
    """Not a connect error: the upstream may have acted."""
    await get()
    world.answer = lambda _: HANG
    with pytest.raises(UpstreamTimeout):
        await get(timeout=0.2)


@pytest.mark.parametrize("left", [0, -1])
async def test_no_time_left_sends_nothing(world: HttpWorld, get: Get, left: float) -> None:
    """A call whose time is up is not made."""
    with pytest.raises(UpstreamTimeout):
        await get(timeout=left)
    assert world.requests == []


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
    ],
    ids=["nothing", "half-head", "half-body", "half-chunk"],
)
async def test_a_broken_answer_is_a_disconnect(world: HttpWorld, get: Get, said: bytes, then: str) -> None:
    """Never data that is cut off, never a retry without being asked."""
    world.answer = lambda _: Say(said, then=then)
    with pytest.raises((UpstreamDisconnected, UpstreamBadReply)):
        await get()
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
    ],
    ids=["not-http", "negative-length", "two-lengths", "not-a-chunk"],
)
async def test_what_is_not_http_is_a_bad_reply(world: HttpWorld, get: Get, said: bytes) -> None:
    """A broken message is refused instead of guessed at."""
    world.answer = lambda _: Say(said, then="close")
    with pytest.raises((UpstreamBadReply, UpstreamDisconnected)):
        await get()


async def test_a_kept_connection_that_was_closed_is_replaced(world: HttpWorld, get: Get) -> None:
    """An upstream that closes idle connections causes no failure, not even for calls that must not be repeated."""
    world.answer = lambda _: Say(response(b"ok").data, then="close")
    for _ in range(8):
        assert (await get("POST", operation=WRITE, body=b"x")).body == b"ok"
        await asyncio.sleep(0.02)
    assert world.connections == 8
    assert len(world.requests) == 8


def dropping_the_second(world: HttpWorld) -> Callable[[Received], Say]:
    """A server that closes a kept connection just when it is used again, as if it had been idle for too long."""
    return lambda _: Say(then="close") if len(world.requests) == 2 else response(b"ok")


async def test_a_write_is_never_sent_twice(world: HttpWorld, get: Get) -> None:
    """Lost on a kept connection, it may have had its effect: that is for a policy to decide."""
    world.answer = dropping_the_second(world)
    await get()
    with pytest.raises(UpstreamDisconnected):
        await get("POST", operation=WRITE, body=b"x")
    assert len(world.requests) == 2


async def test_forwarded_headers_are_the_bytes_that_came(engine: str) -> None:
    """Received bytes are text as Latin-1, and are sent as Latin-1; text that no client sent is sent as UTF-8."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(response(b"ok").data)

    came = bytes(range(0xA0, 0x100)) + " René 日本".encode()
    async with listening(serve) as port:
        for extra in ({}, {"x-own": "日本"}):
            transport = opened(engine)
            headers = {"x-name": came.decode("latin-1"), **extra}
            await transport.request(READ, "GET", f"http://127.0.0.1:{port}/", headers=headers, timeout=GENEROUS)
            await transport.close()
    assert all(b"x-name: " + came + b"\r\n" in head for head in heads)
    assert b"x-own: " + "日本".encode() + b"\r\n" in heads[1]


async def test_a_header_cannot_smuggle_another(world: HttpWorld, get: Get) -> None:
    """A line break in a value is refused before anything is sent, and the value is not told."""
    with pytest.raises(UpstreamRejected, match="x-evil") as caught:
        await get(headers={"x-evil": "s3cret\r\nx-admin: 1"})
    assert "s3cret" not in str(caught.value)
    assert world.requests == []


async def test_framing_headers_are_not_forwarded(world: HttpWorld, get: Get) -> None:
    """A forwarded length or connection header cannot change where a request ends."""
    headers = {"content-length": "999", "transfer-encoding": "chunked", "connection": "close", "x-a": "1"}
    await get("POST", headers=headers, body=b"abc")
    received = world.requests[0]
    assert received.body == b"abc"
    assert received.headers["content-length"] == "3"
    assert "transfer-encoding" not in received.headers
    assert received.headers["x-a"] == "1"


async def test_cancelling_closes_the_connection(world: HttpWorld, get: Get) -> None:
    """A call nobody waits for does not keep the upstream busy."""
    world.answer = lambda _: HANG
    asking = asyncio.create_task(get())
    await eventually(world.was_asked)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await eventually(world.client_left)
    world.answer = lambda _: response(b"next")
    assert (await get()).body == b"next"


async def test_after_close_nothing_is_sent(world: HttpWorld, transport: Transport, get: Get) -> None:
    """close() is idempotent and final."""
    await get()
    await transport.close()
    await transport.close()
    with pytest.raises(UpstreamUnreachable):
        await get()


async def test_close_ends_calls_under_way(world: HttpWorld, transport: Transport, get: Get) -> None:
    """They fail soon, and as calls that may have had an effect."""
    world.answer = lambda _: HANG
    asking = asyncio.create_task(get())
    await eventually(world.was_asked)
    await transport.close()
    with pytest.raises(UpstreamDisconnected):
        await asyncio.wait_for(asking, GENEROUS)


class Tls:
    """A private CA with a server and a client certificate, as files and contexts."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        client = authority.issue_cert("gateway@shop.example")
        self.cert, self.key = folder / "client.pem", folder / "client.key"
        client.cert_chain_pems[0].write_to_path(self.cert)
        client.private_key_pem.write_to_path(self.key)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self.server)
        self.mutual = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self.mutual)
        authority.configure_trust(self.mutual)
        self.mutual.verify_mode = ssl.CERT_REQUIRED


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


async def asked_over_tls(engine: str, server: ssl.SSLContext, options: TlsOptions) -> HttpReply:
    transport = opened(engine, tls=options)
    async with HttpWorld(tls=server) as world:
        try:
            return await transport.request(READ, "GET", world.url, headers={}, timeout=GENEROUS)
        finally:
            await transport.close()


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("size", [100, 16_384, 32_768, 65_536, 131_072, 262_144])
async def test_a_stray_answer_is_never_that_of_the_next_request(
    engine: str, tls: Tls, size: int, is_encrypted: bool
) -> None:
    """It comes with the answer before it, cut where a record of TLS or what is read at once may end."""
    good = response(b"x" * (size - len(response(b"x" * (size - 60)).data) + size - 60)).data
    assert len(good) == size
    transport = opened(engine, tls=TlsOptions(ca=tls.ca))
    async with HttpWorld(tls=tls.server if is_encrypted else None) as world:
        world.answer = lambda received: Say(good + (response(b"stray").data if received.target == "/first" else b""))
        for _ in range(3):
            for path in ("/first", "/next"):
                reply = await transport.request(READ, "GET", world.url + path, headers={}, timeout=GENEROUS)
                assert reply.body == good.partition(b"\r\n\r\n")[2]
        await transport.close()


async def test_tls_with_a_private_ca(engine: str, tls: Tls) -> None:
    """`tls.ca` makes a private certificate trusted."""
    assert (await asked_over_tls(engine, tls.server, TlsOptions(ca=tls.ca))).body == b"ok"


async def test_an_untrusted_certificate_is_unreachable(engine: str, tls: Tls) -> None:
    """Without the CA nothing is sent."""
    with pytest.raises(UpstreamUnreachable):
        await asked_over_tls(engine, tls.server, TlsOptions())


async def test_verification_can_be_switched_off(engine: str, tls: Tls) -> None:
    """`verify: false`, for development."""
    assert (await asked_over_tls(engine, tls.server, TlsOptions(verify=False))).body == b"ok"


async def test_a_client_certificate_is_shown(engine: str, tls: Tls) -> None:
    """Mutual TLS: the server insists and is satisfied."""
    options = TlsOptions(ca=tls.ca, cert=tls.cert, key=tls.key)
    assert (await asked_over_tls(engine, tls.mutual, options)).body == b"ok"


async def test_a_missing_client_certificate_is_an_error(engine: str, tls: Tls) -> None:
    """Mutual TLS without a certificate fails as a connection, not as data."""
    with pytest.raises((UpstreamUnreachable, UpstreamDisconnected)):
        await asked_over_tls(engine, tls.mutual, TlsOptions(ca=tls.ca))


async def test_a_missing_certificate_file_is_unreachable(engine: str, tls: Tls, tmp_path: Path) -> None:
    """A wrong path is said to be one, by an UpstreamError."""
    with pytest.raises(UpstreamUnreachable):
        await asked_over_tls(engine, tls.server, TlsOptions(ca=tmp_path / "none.pem"))
