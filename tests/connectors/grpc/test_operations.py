"""What one gRPC operation sends."""

from __future__ import annotations

from connectors.contract import Call
from connectors.grpc.operations import RpcOperation
from connectors.messages.templates import Template

PRICES = RpcOperation(
    upstream="shop",
    name="shop.Pricing/GetPrices",
    request=Template({"sku": "{sku}"}),
    many=Template({"skus": "{sku}"}, many="sku"),
)


def test_the_name_has_a_service_and_a_method() -> None:
    """As in the path of the HTTP/2 request."""
    assert (PRICES.service, PRICES.method) == ("shop.Pricing", "GetPrices")


def test_a_call_with_keys_fills_the_message_of_a_batch() -> None:
    """And one without keys the single message."""
    assert PRICES.fill_message(Call(operation=PRICES, keys=("A", "B"))) == {"skus": ["A", "B"]}
    assert PRICES.fill_message(Call(operation=PRICES, arguments={"sku": "A"})) == {"sku": "A"}
