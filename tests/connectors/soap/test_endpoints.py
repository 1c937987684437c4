"""What `soap("warehouse").call(...)` makes of what an author writes."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import DefinitionError
from connectors.soap.endpoints import soap

warehouse = soap("warehouse")


def test_an_endpoint_knows_its_parameters_and_rules() -> None:
    """Placeholders of message and headers are parameters; reading is safe and may be repeated."""
    stock = warehouse.call(
        "GetStock", Sku="{sku}", Place="{place?}", at="A.B", each=8, headers={"Session": {"Token": "{token}"}}
    )
    assert stock.parameters == {"sku": True, "place": False, "token": True}
    assert (stock.at, stock.each, stock.batch) == (("A", "B"), 8, None)
    assert stock.name == "warehouse: GetStock"
    assert stock.operation.is_safe
    assert stock.operation.is_idempotent


def test_a_mutation_is_not_repeated_unless_the_author_says_so() -> None:
    """`safe=False` alone forbids retries."""
    assert not warehouse.call("Reserve", safe=False).operation.is_idempotent
    assert warehouse.call("Reserve", safe=False, idempotent=True).operation.is_idempotent


def test_elements_named_like_options_are_given_in_message() -> None:
    """`message` and arguments are one message."""
    endpoint = warehouse.call("Find", Sku="{sku}", message={"limit": "{limit}", "key": 1})
    assert endpoint.operation.message.fill({"sku": "T", "limit": 5}) == {"limit": 5, "key": 1, "Sku": "T"}
    assert endpoint.parameters == {"limit": True, "sku": True}


def test_a_batch_form_alone_and_beside_a_single_form() -> None:
    """With `many` alone, one value is a batch of one."""
    alone = warehouse.call("GetStocks", many={"Sku": "{sku}"}, key="Stock.Sku", group=True, limit=20)
    assert not alone.has_single_form
    assert alone.batch is not None
    assert (alone.batch.parameter, alone.batch.key, alone.batch.group, alone.batch.limit) == (
        "sku",
        ("Stock", "Sku"),
        True,
        20,
    )
    assert warehouse.call("GetStocks", Sku="{sku}", many={"Sku": "{sku}"}).has_single_form


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"key": "Sku"}, "key= is an option of batches and there is no many="),
        ({"many_at": "Stock"}, "many_at= is an option of batches"),
        ({"batch": "sku"}, "batch= is an option of batches"),
        ({"many": {"Sku": "{sku}"}, "group": True}, "group=True needs key="),
        ({"many": {"Sku": "T"}}, "no placeholder"),
        ({"many": {"Sku": "{sku}"}, "limit": 0}, "write 1 or more"),
        ({"each": 0}, "write 1 or more"),
        ({"Sku": "{code}", "many": {"Sku": "{sku}"}}, "must have the same parameters; they have code and sku"),
        ({"many": {"Sku": "{sku}"}, "headers": {"Session": {"Token": "{sku}"}}}, "cannot be in a header too"),
        ({"message": "{text}", "Sku": "T"}, "message= is the whole message, so Sku cannot be given too"),
        ({"message": {"Sku": "T"}, "Sku": "T"}, "Sku is given twice"),
        ({"Sku": "{sku"}, "no partner"),
        ({"limit": "{limit}"}, 'limit= is an option of call.*message={"limit"'),
        ({"key": "{key}"}, 'key= is an option of call.*message={"key"'),
    ],
)
def test_what_does_not_fit_together_is_told_with_the_line(options: dict[str, Any], told: str) -> None:
    """Every mistake is found where the endpoint is written."""
    with pytest.raises(DefinitionError, match=told) as caught:
        warehouse.call("GetStock", **options)
    assert "test_endpoints.py:" in str(caught.value)
