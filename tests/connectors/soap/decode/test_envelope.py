"""XML that reads files, fills memory or reaches into the network is refused: in replies and in WSDLs."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from connectors.contract import Call
from connectors.errors import DefinitionError, UpstreamBadReply
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.connectors.http_world import HttpWorld, response
from tests.connectors.soap.world import BOOKS, HERE, answered, connected, envelope, stock
from tests.waiting import GENEROUS

GET = Call(operation=soap("warehouse").call("GetStock", Sku="T").operation)

LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{f"&{before};" * 20}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
async def http() -> AsyncGenerator[HttpWorld]:
    async with HttpWorld() as world:
        yield world


def with_dtd(document: bytes, dtd: str) -> bytes:
    """The document with a document type declaration."""
    head, _, rest = document.partition(b"?>")
    return head + b"?>" + dtd.encode() + rest


@pytest.mark.parametrize(
    ("dtd", "note", "attributes"),
    [
        ("<!DOCTYPE x>", "plain", ""),
        ('<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>', "&file;", ""),
        ('<!DOCTYPE x [<!ENTITY % d SYSTEM "http://127.0.0.1:{port}/d.dtd"> %d;]>', "plain", ""),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:{port}/d.dtd">', "plain", ""),
        (f"<!DOCTYPE x [{LAUGHS}]>", "&i;", ""),
        (f"<!DOCTYPE x [{LAUGHS}]>", "plain", 'version="&i;"'),
        ('<!DOCTYPE x [<!ATTLIST t:GetStockReply version CDATA "5">]>', "plain", ""),
    ],
    ids=["bare", "file", "parameter entity", "external subset", "laughs", "laughs in attribute", "default attribute"],
)
async def test_a_dtd_in_a_reply_is_refused(http: HttpWorld, dtd: str, note: str, attributes: str) -> None:
    """SOAP forbids DTDs; nothing is expanded, read or fetched, and it is quick."""
    body = with_dtd(envelope(stock(f"<t:Note>{note}</t:Note>", attributes)), dtd.replace("{port}", str(http.port)))
    http.answer = lambda _: response(body, content_type="text/xml")
    began = time.monotonic()
    async with connected(http) as connector:
        with pytest.raises(UpstreamBadReply) as caught:
            _ = (await connector.send(GET)).data
    assert "root:" not in str(caught.value)
    assert time.monotonic() - began < GENEROUS
    assert [request.method for request in http.requests] == ["POST"]


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        (stock("<t:Place>" * 5000 + "</t:Place>" * 5000), "not well-formed"),
        (stock("<t:Note>&undefined;</t:Note>"), "not well-formed"),
        (stock(f"<t:Note>{'x' * 10_500_000}</t:Note>"), "not well-formed"),
    ],
    ids=["depth", "undefined entity", "one huge text"],
)
async def test_the_limits_of_the_parser_stay_on(http: HttpWorld, inside: str, told: str) -> None:
    """Depth and text size are bounded even where max_reply_size would allow more."""
    http.answer = lambda _: answered(inside)
    async with connected(http, max_reply_size=50_000_000) as connector:
        with pytest.raises(UpstreamBadReply, match=told):
            await connector.send(GET)


@pytest.mark.parametrize(
    ("dtd", "used"),
    [
        ("<!DOCTYPE definitions>", "x"),
        ('<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
        (f"<!DOCTYPE d [{LAUGHS}]>", "&i;"),
        (f"<!DOCTYPE d [{LAUGHS}]><!-- {'x'} -->", "&i;"),
    ],
)
async def test_a_dtd_in_a_wsdl_is_refused(tmp_path: Path, dtd: str, used: str) -> None:
    """The same holds for the WSDL, wherever it came from."""
    document = (
        (HERE / "books.wsdl")
        .read_bytes()
        .replace(b"<message ", f"<documentation>{used}</documentation><message ".encode(), 1)
    )
    (tmp_path / "evil.wsdl").write_bytes(with_dtd(document, dtd))
    connector = connect("warehouse", Options(address=str(tmp_path / "evil.wsdl")))
    began = time.monotonic()
    with pytest.raises(DefinitionError, match="cannot be used") as caught:
        await connector.start()
    assert time.monotonic() - began < GENEROUS
    assert "root:" not in str(caught.value)
    await connector.close()


def multirefs(*values: str) -> str:
    found = '<r:FindResponse xmlns:r="urn:books"><book href="#v0"/><total>1</total></r:FindResponse>'
    return found + "".join(f'<multiRef id="v{number}">{value}</multiRef>' for number, value in enumerate(values))


@pytest.mark.parametrize(
    "values",
    [
        ['<title>A</title><next href="#v0"/>'],
        ['<next href="#v1"/>', '<next href="#v0"/>'],
        [f'<next href="#v{n}"/>' * 20 for n in range(1, 8)] + ["<title>A</title>"],
        [f'<next href="#v{n}"/>' for n in range(1, 2000)] + ["<title>A</title>"],
    ],
    ids=["itself", "each other", "bomb", "long chain"],
)
async def test_references_that_never_end_are_refused(http: HttpWorld, values: list[str]) -> None:
    """References upon references are an entity bomb of another kind."""
    http.answer = lambda _: answered(multirefs(*values))
    find = soap("warehouse").call("Find", message={"title": "A", "limit": 1}, port="EncodedPort")
    began = time.monotonic()
    async with connected(http, BOOKS) as connector:
        with pytest.raises(UpstreamBadReply, match="references"):
            _ = (await connector.send(Call(operation=find.operation))).data
    assert time.monotonic() - began < GENEROUS
