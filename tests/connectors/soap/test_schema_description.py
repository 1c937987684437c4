"""A WSDL as a Description."""

from __future__ import annotations

from pathlib import Path

from connectors import soap
from connectors.descriptions import follow_path
from connectors.soap.connector import connect
from connectors.soap.options import Options
from tests.bff.checks.projects import WSDL


async def test_messages_headers_and_replies(tmp_path: Path) -> None:
    """Optional elements need not be there; a header that the WSDL lacks is a problem."""
    (tmp_path / "a.wsdl").write_text(WSDL)
    connector = connect("stock", Options(address=str(tmp_path / "a.wsdl")))
    description = await connector.describe()
    await connector.close()
    assert description is not None
    good = soap("stock").call("Find", Sku="{sku}").operation
    assert description.check_request(good).problems == ()
    assert follow_path(description.describe_reply(good, is_batch=False), ("Item", "0", "Color")).values == (
        "RED",
        "BLUE",
    )
    (problem,) = description.check_request(
        soap("stock").call("Find", Sku="1", headers={"Who": "{a}"}).operation
    ).problems
    assert 'no element "Who" for a header' in problem
