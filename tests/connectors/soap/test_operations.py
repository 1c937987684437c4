"""The message of one SOAP operation."""

from __future__ import annotations

from connectors.contract import Call
from connectors.soap.endpoints import soap
from connectors.soap.operations import SoapOperation


def test_a_call_with_keys_fills_the_message_of_a_batch() -> None:
    """And one without keys the single message."""
    operation = soap("w").call("GetStocks", message={"Sku": "{sku}"}, many={"Skus": "{sku}"}, key="Sku").operation
    assert isinstance(operation, SoapOperation)
    assert operation.fill_message(Call(operation=operation, keys=("A", "B"))) == {"Skus": ["A", "B"]}
    assert operation.fill_message(Call(operation=operation, arguments={"sku": "A"})) == {"Sku": "A"}
