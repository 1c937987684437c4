"""How the websocket is opened: headers, TLS, and upstreams that open none."""

from __future__ import annotations

import asyncio
import logging
import ssl

import pytest
import trustme

from connectors.errors import (
    DefinitionError,
    UpstreamBadReply,
    UpstreamDisconnected,
    UpstreamForbidden,
    UpstreamTimeout,
    UpstreamUnauthenticated,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from connectors.websocket.connector import WebsocketConnector
from tests.connectors.conformance import SECRET, in_time
from tests.connectors.websocket.conftest import Connect
from tests.connectors.websocket.subscribers import QUESTION
from tests.connectors.websocket.upstream import Upstream
from tests.waiting import GENEROUS


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, UpstreamUnauthenticated),
        (403, UpstreamForbidden),
        (503, UpstreamUnavailable),
        (302, UpstreamBadReply),
    ],
)
async def test_a_refused_handshake_says_what_the_status_means(
    upstream: Upstream, connector: WebsocketConnector, status: int, error: type[Exception]
) -> None:
    """The same words as for any other HTTP status; redirects are not followed."""
    upstream.refusal = status
    with pytest.raises(error):
        await connector.send(in_time(QUESTION, GENEROUS))
    upstream.refusal = None
    upstream.answer = lambda asked: {"id": asked["id"]}
    assert (await connector.send(in_time(QUESTION, GENEROUS))).data


async def test_something_that_is_no_websocket_is_a_bad_reply(connected: Connect) -> None:
    """A port that speaks another protocol gives a coded error, not a traceback of a library."""

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(rude, "127.0.0.1", 0)
    connector = connected(address=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    with pytest.raises((UpstreamBadReply, UpstreamUnreachable)):
        await connector.send(in_time(QUESTION, GENEROUS))
    server.close()
    await server.wait_closed()


async def test_a_handshake_that_hangs_meets_the_deadline(connected: Connect) -> None:
    """Connecting counts towards the call's time."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    connector = connected(address=f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    with pytest.raises(UpstreamTimeout):
        await connector.send(in_time(QUESTION, 0.1))
    await connector.close()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.05)


async def test_the_handshake_carries_its_headers_and_the_log_does_not(
    upstream: Upstream, connected: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """Static headers and the subprotocol go to the upstream; no log level shows them."""
    caplog.set_level(logging.DEBUG)
    connector = connected(handshake_headers={"authorization": f"Bearer {SECRET}"}, compression=True)
    await connector.start()
    sent = upstream.handshakes[0].headers
    assert sent["authorization"] == f"Bearer {SECRET}"
    assert "permessage-deflate" in sent["sec-websocket-extensions"]
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if "client" in record.name)
    assert SECRET not in repr(connector._options)


async def test_tls_trusts_the_given_ca_and_shows_the_client_certificate(tmp_path, connected: Connect) -> None:
    """wss:// with a private CA and mutual TLS; without the certificate there is no connection."""
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server_side)
    authority.configure_trust(server_side)
    server_side.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("gateway").private_key_and_cert_chain_pem.write_to_path(tmp_path / "client.pem")
    async with Upstream(tls=server_side) as upstream:
        files = {"ca": str(tmp_path / "ca.pem"), "cert": str(tmp_path / "client.pem")}
        known = connected(address=upstream.address, tls=files)
        upstream.answer = lambda asked: {"id": asked["id"], "ok": True}
        assert (await known.send(in_time(QUESTION, GENEROUS))).data["ok"] is True
        stranger = connected(address=upstream.address, tls={"ca": files["ca"]})
        with pytest.raises((UpstreamUnreachable, UpstreamDisconnected)):
            await stranger.send(in_time(QUESTION, GENEROUS))
        doubter = connected(address=upstream.address)
        with pytest.raises(UpstreamUnreachable):
            await doubter.send(in_time(QUESTION, GENEROUS))
        await known.close()


async def test_a_missing_tls_file_is_the_developers_mistake(connected: Connect) -> None:
    """Said by name at the first need, not as an unreachable upstream."""
    connector = connected(address="wss://localhost:1", tls={"ca": "nowhere.pem"})
    with pytest.raises(DefinitionError, match=r"upstreams\.ticker\.tls"):
        await connector.start()
