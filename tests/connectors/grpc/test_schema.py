"""The methods of one upstream, found by the operations of endpoints."""

from __future__ import annotations

import pytest

from connectors.errors import DefinitionError
from connectors.grpc.operations import RpcOperation
from connectors.grpc.schema import Schema
from connectors.messages.templates import Template
from tests.connectors.grpc.shop import FILES

SCHEMA = Schema("shop", FILES)


def operation(name: str, *, is_stream: bool = False) -> RpcOperation:
    return RpcOperation(upstream="shop", name=name, request=Template({}), is_stream=is_stream)


def test_a_method_encodes_requests_and_decodes_replies() -> None:
    """The path is that of the HTTP/2 request."""
    method = SCHEMA.find_method(operation("shop.Pricing/GetPrices"))
    assert method.path == "/shop.Pricing/GetPrices"
    assert method.encode({"skus": ["A"]}) == b"\x0a\x01A"
    assert method.decode(method.parse(b"")) == {"prices": []}


@pytest.mark.parametrize(
    ("name", "is_stream", "reason"),
    [
        ("shop.Pricin/GetPrices", False, 'there is no service "shop.Pricin"; did you mean "shop.Pricing"'),
        ("shop.Pricing/GetPrice", False, 'has no method "GetPrice"; did you mean "GetPrices"'),
        ("shop.Pricing/GetPrices", True, r"is a unary method; define it with .unary\(...\)"),
    ],
)
def test_a_wrong_name_has_the_nearest_right_one(name: str, is_stream: bool, reason: str) -> None:
    """The endpoint's author reads the next step."""
    with pytest.raises(DefinitionError, match=reason):
        SCHEMA.find_method(operation(name, is_stream=is_stream))
