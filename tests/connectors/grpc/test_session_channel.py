"""TLS and mutual TLS against a server with real certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc as library
import pytest
import trustme

from connectors.contract import Call
from connectors.errors import DefinitionError, UpstreamUnreachable
from connectors.grpc.connector import GrpcConnector
from connectors.grpc.endpoints import grpc
from tests.connectors.conformance import in_time
from tests.connectors.grpc.shop import Shop, serving
from tests.waiting import GENEROUS

prices = grpc("shop").unary("shop.Pricing/GetPrices", many={"skus": "{sku}"})


@dataclass
class Certificates:
    """Files of a certificate authority and of a client it vouches for."""

    authority: trustme.CA
    ca: str
    cert: str
    key: str
    both: str

    def server(self, *names: str, mutual: bool = False) -> library.ServerCredentials:
        """Credentials of a server with these names, which wants a client certificate when mutual."""
        issued = self.authority.issue_cert(*names)
        pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
        roots = self.authority.cert_pem.bytes() if mutual else None
        return library.ssl_server_credentials([pair], roots, require_client_auth=mutual)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    client = authority.issue_cert("gateway@example.com")
    files = {
        "ca": authority.cert_pem.bytes(),
        "cert": client.cert_chain_pems[0].bytes(),
        "key": client.private_key_pem.bytes(),
        "both": client.private_key_and_cert_chain_pem.bytes(),
    }
    for name, content in files.items():
        (folder / f"{name}.pem").write_bytes(content)
    return Certificates(authority, **{name: str(folder / f"{name}.pem") for name in files})


async def ask(connector: GrpcConnector) -> int:
    """One call; closes the connector."""
    try:
        await connector.start()
        reply = await connector.send(in_time(Call(operation=prices.operation, keys=("A",)), GENEROUS))
        await connector.check()
        return int(reply.data["prices"][0]["amount"])
    finally:
        await connector.close()


@pytest.fixture
async def shop(certificates: Certificates) -> AsyncIterator[Shop]:
    """A shop behind TLS."""
    async with serving(Shop(), reflect=True, credentials=certificates.server("localhost", "127.0.0.1")) as shop:
        yield shop


@pytest.mark.parametrize("options", [{"secure": True}, {"address": "grpcs://"}, {"secure": True, "reflection": True}])
async def test_tls_with_a_private_authority(shop: Shop, certificates: Certificates, options: dict) -> None:
    """By flag or by address, for calls and for reflection."""
    options = dict(options)
    if "address" in options:
        options["address"] = f"grpcs://localhost:{shop.port}"
    assert await ask(shop.connector(tls={"ca": certificates.ca}, **options)) == 100


async def test_an_unknown_authority_is_refused(shop: Shop) -> None:
    """The system's authorities do not know the test's."""
    with pytest.raises(UpstreamUnreachable):
        await ask(shop.connector(secure=True))


async def test_plain_text_towards_tls_is_unreachable(shop: Shop) -> None:
    """The connection is never made, so it is not said to be lost."""
    with pytest.raises(UpstreamUnreachable):
        await ask(shop.connector())


async def test_the_name_in_the_certificate_counts(certificates: Certificates) -> None:
    """`authority` says which name to expect where the address has another."""
    async with serving(Shop(), credentials=certificates.server("pricing.internal")) as shop:
        with pytest.raises(UpstreamUnreachable):
            await ask(shop.connector(secure=True, tls={"ca": certificates.ca}))
        named = shop.connector(secure=True, tls={"ca": certificates.ca}, authority="pricing.internal")
        assert await ask(named) == 100


@pytest.mark.parametrize("in_one_file", [False, True])
async def test_mutual_tls(certificates: Certificates, in_one_file: bool) -> None:
    """Certificate and key in two files or in one."""
    own = {"cert": certificates.both} if in_one_file else {"cert": certificates.cert, "key": certificates.key}
    async with serving(Shop(), credentials=certificates.server("127.0.0.1", mutual=True)) as shop:
        assert await ask(shop.connector(secure=True, tls={"ca": certificates.ca, **own})) == 100


async def test_mutual_tls_without_a_certificate_is_unreachable(certificates: Certificates) -> None:
    """The server ends the handshake."""
    async with serving(Shop(), credentials=certificates.server("127.0.0.1", mutual=True)) as shop:
        with pytest.raises(UpstreamUnreachable):
            await ask(shop.connector(secure=True, tls={"ca": certificates.ca}))


@pytest.mark.parametrize("name", ["ca", "cert"])
@pytest.mark.parametrize("content", [None, "not a certificate"], ids=["missing", "broken"])
async def test_broken_certificate_files_are_told_at_start(tmp_path: Path, name: str, content: str | None) -> None:
    """grpcio itself would only fail to connect, without a reason."""
    path = tmp_path / "some.pem"
    if content:
        path.write_text(content)
    connector = Shop().connector(address="127.0.0.1:1", secure=True, tls={name: str(path)})
    with pytest.raises(DefinitionError, match=r"upstreams\.shop\.tls: .*check the files of ca, cert and key"):
        await connector.start()
    await connector.close()
