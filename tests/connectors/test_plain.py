"""Plain values: what was not given is left out at every depth, null stays null."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec
import pytest

from connectors.contract import Operation
from connectors.endpoint import Endpoint, PublishEndpoint, StreamEndpoint
from connectors.errors import DefinitionError
from connectors.plain import NOT_GIVEN, plain_entries, register_plain, to_plain

OPERATION = Operation(upstream="shop", name="thing")


class Size(Enum):
    SMALL = "s"


class Money:
    def __init__(self, amount: int | None) -> None:
        self.amount = amount


register_plain(
    lambda kind: kind is Money,
    lambda money, plain: NOT_GIVEN if money.amount is None else {"amount": plain(money.amount)},
)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (7, 7),
        (Size.SMALL, "s"),
        ([1, None, NOT_GIVEN, 2], [1, None, 2]),
        ((Size.SMALL, [NOT_GIVEN]), ["s", []]),
        ({"a": NOT_GIVEN, "b": None, "c": {"d": NOT_GIVEN, "e": [{"f": NOT_GIVEN}]}}, {"b": None, "c": {"e": [{}]}}),
        (Money(1), {"amount": 1}),
        ([Money(1), Money(None)], [{"amount": 1}]),
        (NOT_GIVEN, NOT_GIVEN),
        (msgspec.UNSET, NOT_GIVEN),
    ],
)
def test_what_was_not_given_is_left_out(value: Any, plain: Any) -> None:
    """In mappings, in lists and inside of other values."""
    assert to_plain(value) == plain


def test_values_that_are_plain_are_not_copied() -> None:
    """The usual call costs one look at the types."""
    entries, items = {"a": 1, "b": None}, [1, "2"]
    assert plain_entries(entries) is entries
    assert to_plain(items) is items
    assert not NOT_GIVEN
    assert repr(NOT_GIVEN) == "NOT_GIVEN"


def test_a_required_parameter_may_be_not_given() -> None:
    """But it may not be forgotten."""
    endpoint = Endpoint(OPERATION, {"id": True, "page": False})
    assert endpoint.check_arguments({"id": NOT_GIVEN, "page": 1}) == {"page": 1}
    with pytest.raises(DefinitionError, match='needs the parameter "id"'):
        endpoint.check_arguments({"page": 1})
    assert StreamEndpoint(OPERATION, {"id": True}).check_arguments({"id": NOT_GIVEN}) == {}


async def test_a_message_must_be_given() -> None:
    """Nothing is published that nobody gave."""
    with pytest.raises(DefinitionError, match="has no message to publish"):
        await PublishEndpoint(OPERATION, {})(NOT_GIVEN)


def test_enums_are_kept_for_connectors_that_know_what_the_upstream_has() -> None:
    """At every depth, also in other families."""
    value = {"a": Size.SMALL, "b": [Size.SMALL, NOT_GIVEN], "c": Money(Size.SMALL)}  # type: ignore[arg-type]  # any value
    kept = {"a": Size.SMALL, "b": [Size.SMALL], "c": {"amount": Size.SMALL}}
    assert to_plain(value, keeps_enums=True) == kept
    assert plain_entries(value, keeps_enums=True) == kept
    assert to_plain(value) == {"a": "s", "b": ["s"], "c": {"amount": "s"}}
