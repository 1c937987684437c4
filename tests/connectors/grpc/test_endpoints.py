"""What authors write, and what they are told when it cannot work."""

from __future__ import annotations

import pytest

from connectors.contract import Call
from connectors.endpoint import Batch
from connectors.errors import DefinitionError
from connectors.grpc.endpoints import grpc
from connectors.grpc.operations import RpcOperation

pricing = grpc("pricing")


def message_of(endpoint, arguments=None, keys=()):
    """The request that a call of this endpoint would carry."""
    assert isinstance(endpoint.operation, RpcOperation)
    return endpoint.operation.fill_message(Call(operation=endpoint.operation, arguments=arguments or {}, keys=keys))


def test_a_method_knows_its_parameters_and_request() -> None:
    """Placeholders become parameters; `{name?}` may be left out."""
    price = pricing.unary("shop.Pricing/GetPrice", {"sku": "{sku}", "where": {"region": "{region?}"}}, at="price")
    assert price.parameters == {"sku": True, "region": False}
    assert price.name == "pricing: shop.Pricing/GetPrice"
    assert price.at == ("price",)
    assert message_of(price, {"sku": "A"}) == {"sku": "A", "where": {}}
    assert message_of(price, {"sku": "A", "region": "eu"}) == {"sku": "A", "where": {"region": "eu"}}


def test_a_method_without_a_request_sends_an_empty_message() -> None:
    """`google.protobuf.Empty` and its like."""
    assert message_of(pricing.unary("shop.Pricing/Time")) == {}


def test_a_batch_sends_all_keys_at_once() -> None:
    """The batched parameter is the only placeholder; one value is a batch of one."""
    price = pricing.unary("shop.Pricing/GetPrices", many={"skus": "{sku}"}, at="prices", key="sku", limit=50)
    assert price.batch == Batch(parameter="sku", key=("sku",), limit=50)
    assert not price.has_single_form
    assert price.many_at == ("prices",)
    assert message_of(price, keys=("A", "B")) == {"skus": ["A", "B"]}


def test_a_batch_may_have_other_parameters() -> None:
    """`batch` says which one is collected; the rest goes with every call."""
    many = {"items": [{"sku": "{sku}"}], "currency": "{currency?}"}
    price = pricing.unary("shop.Pricing/GetPrices", many=many, batch="sku", group=True, key="item.sku")
    assert price.batch == Batch(parameter="sku", key=("item", "sku"), group=True)
    assert price.parameters == {"sku": True, "currency": False}
    assert message_of(price, {"currency": "EUR"}, ("A", "B")) == {
        "items": [{"sku": "A"}, {"sku": "B"}],
        "currency": "EUR",
    }


def test_single_and_batched_forms_stand_side_by_side() -> None:
    """One value takes the single form where there is one."""
    price = pricing.unary("p.S/Get", {"sku": "{sku}"}, many={"skus": "{sku}"}, at="price", many_at="prices", key="sku")
    assert price.has_single_form
    assert message_of(price, {"sku": "A"}) == {"sku": "A"}
    assert message_of(price, keys=("A",)) == {"skus": ["A"]}


def test_mutations_say_so() -> None:
    """Unsafe is not idempotent unless the author says it is."""
    read = pricing.unary("p.S/Get").operation
    write = pricing.unary("p.S/Set", safe=False).operation
    put = pricing.unary("p.S/Put", safe=False, idempotent=True).operation
    assert [(op.is_safe, op.is_idempotent) for op in (read, write, put)] == [
        (True, True),
        (False, False),
        (False, True),
    ]


def test_a_stream_is_an_endpoint_of_events() -> None:
    """Same templates, events instead of a reply."""
    ticks = pricing.stream("shop.Pricing/Watch", {"sku": "{sku}"}, at="amount")
    assert isinstance(ticks.operation, RpcOperation)
    assert ticks.operation.is_stream
    assert ticks.parameters == {"sku": True}
    assert ticks.at == ("amount",)


@pytest.mark.parametrize(
    ("define", "says"),
    [
        (lambda: pricing.unary("GetPrices"), "write package.Service/Method"),
        (lambda: pricing.unary("/shop.Pricing/GetPrices"), "write package.Service/Method"),
        (lambda: pricing.stream("shop.Pricing.Watch"), "write package.Service/Method"),
        (lambda: pricing.unary("p.S/M", {"a": "{a"}), "has no partner"),
        (lambda: pricing.unary("p.S/M", many={"a": "{a}", "b": "{b}"}), "which one is collected"),
        (lambda: pricing.unary("p.S/M", many={"a": "{a}"}, batch="b"), "is not in `many`"),
        (lambda: pricing.unary("p.S/M", many={"a": []}), "no placeholder"),
        (lambda: pricing.unary("p.S/M", {"a": "{a}"}, key="a"), "key= is an option of batches"),
        (lambda: pricing.unary("p.S/M", {"a": "{a}"}, group=True), "group= is an option of batches"),
        (lambda: pricing.unary("p.S/M", {"a": "{a}"}, many={"b": "{b}"}), "must have the same parameters"),
        (lambda: pricing.unary("p.S/M", many={"a": "{a}"}, limit=0), "limit="),
    ],
)
def test_mistakes_are_found_where_they_are_written(define, says: str) -> None:
    """The message names this file."""
    with pytest.raises(DefinitionError) as caught:
        define()
    assert says in str(caught.value)
    assert "test_endpoints.py:" in str(caught.value)
