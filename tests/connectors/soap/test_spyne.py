"""Against spyne, a SOAP server that we did not write: its WSDL, its envelopes, its faults."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.direct import Direct
from connectors.errors import UpstreamFault
from connectors.soap.connector import connect
from connectors.soap.endpoints import soap
from connectors.soap.options import Options
from tests.services import missing

warehouse = soap("warehouse")
stock = warehouse.call("GetStock", sku="{sku}", at="GetStockResult", each=8)
stocks = warehouse.call("GetStocks", many={"skus": {"string": "{sku}"}}, key="sku", at="GetStocksResult.Stock")
store = warehouse.call("Store", item="{item}", headers={"Session": {"token": "{token?}"}}, at="StoreResult.Item")
token = warehouse.call("Store", item="{item}", headers={"Session": {"token": "{token}"}}, header="Session", at="token")
photo = warehouse.call("Photo", photo="{photo}", at="PhotoResult")
raw = warehouse.call("Raw", raw="{raw}", at="RawResult")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a running spyne."""
    script = Path(__file__).with_name("spyne_server.py")
    command = [sys.executable, "-W", "ignore", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            if sys.version_info < (3, 12):
                missing("spyne does not start")
            pytest.skip("spyne does not run on Python 3.12 and later")
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.kill()


@pytest.fixture
def direct(server: str) -> Direct:
    return Direct({"warehouse": connect("warehouse", Options(address=f"{server}?wsdl", strict=True))})


async def test_a_call(direct: Direct) -> None:
    """The WSDL that spyne makes, the envelope that it checks against its schema, the reply that it writes."""
    async with direct:
        reply = await stock(sku="T-1")
    assert reply.data == {"sku": "T-1", "quantity": 3, "weight": "1.50"}


async def test_a_batch(direct: Direct) -> None:
    """A list in, a list out, dealt back by key."""
    async with direct:
        reply = await stocks(sku="T-22")
    assert reply.data == {"sku": "T-22", "quantity": 4, "weight": None}


async def test_a_fault(direct: Direct) -> None:
    """Its code comes without its prefix and with its parts, its text is for developers."""
    async with direct:
        with pytest.raises(UpstreamFault, match="no such SKU") as caught:
            await stock(sku="none")
    assert caught.value.upstream_code == "Client.UnknownSku"


async def test_a_derived_type_both_ways(direct: Direct) -> None:
    """Named by the caller, understood by spyne as its own class, and named again in the reply."""
    async with direct:
        reply = await store(item={"@type": "Perishable", "sku": "milk", "until": "2024-02-29"})
    assert reply.data == [
        {"sku": "milk", "until": "2024-02-29", "__typename": "Perishable"},
        {"sku": "Perishable", "__typename": "Item"},
    ]


async def test_headers_both_ways(direct: Direct) -> None:
    """The reply's header beside its data, or as its data."""
    async with direct:
        reply = await store(item={"sku": "a"}, token="t-1")
        assert reply.header == {"Session": {"token": "seen t-1"}}
        assert (await token(item={"sku": "a"}, token="t-2")).data == "seen t-2"


async def test_bytes_both_ways(direct: Direct) -> None:
    """As base64."""
    async with direct:
        assert (await photo(photo=b"\x00\x01\xff")).data == "/wEA"


async def test_any_xml_both_ways(direct: Direct) -> None:
    """Elements by name."""
    async with direct:
        reply = await raw(raw={"mine": {"part": "7"}})
    assert reply.data == {"got": {"@count": "1", "inside": "7"}}
