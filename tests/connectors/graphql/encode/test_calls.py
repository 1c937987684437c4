"""Nested fields with arguments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from connectors.contract import FieldCall, FieldValue, Selection
from connectors.direct import Direct
from connectors.errors import DefinitionError
from connectors.graphql.encode.calls import NestedCalls, find_nested_types
from connectors.graphql.endpoints import graphql
from connectors.graphql.operations import GraphqlOperation
from tests.connectors.calls import leaves, select
from tests.connectors.graphql.conftest import Connect
from tests.connectors.graphql.shop import Shop

up = graphql("shop")
product = up.query("product(id: $id)")


def value(of: Any, type_: str = "") -> FieldValue:
    return FieldValue(of, repr(of), type_)


def selected(*calls: tuple[str, FieldCall]) -> Selection:
    return Selection(tuple((key, leaves("id")) for key, _ in calls), calls=calls)


@pytest.mark.parametrize(
    ("arguments", "values", "text"),
    [
        (("size: 10",), {}, "k: f(size: 10)"),
        (("first: ", "first", ", sort: NEW"), {"first": 1}, "k: f(first: $arg0_first, sort: NEW)"),
        (("first: ", "first", ", sort: NEW"), {}, "k: f(sort: NEW)"),
        (("first: ", "first", ""), {}, "k: f"),
        (("a: {b: ", "b", ", c: [", "d", ", ", "e", "]}"), {"e": 1}, "k: f(a: { c: [$arg0_e] })"),
    ],
)
def test_what_is_not_given_is_left_out(arguments: tuple[str, ...], values: dict[str, Any], text: str) -> None:
    """At any depth; what is given is a variable."""
    nested = NestedCalls("")
    call = FieldCall("f", arguments, tuple((name, value(each)) for name, each in values.items()))
    assert nested.render("k", call) == text
    assert [each.value for each in nested.values.values()] == list(values.values())


async def test_one_field_is_selected_with_two_arguments(shop: Shop, direct: Direct) -> None:
    """Under two names, in one request, with types by the upstream's schema."""
    one, two = (
        FieldCall("reviews", ("first: ", "first", ""), (("first", value(first, "Wrong!")),)) for first in (1, 2)
    )
    async with direct:
        found = await select(selected(("reviews_a", one), ("reviews_b", two)), product, id="p1")
    assert found == {"reviews_a": [{"id": "r1"}], "reviews_b": [{"id": "r1"}, {"id": "r2"}]}
    assert shop.asked == [
        (
            "query product($id: ID!, $arg0_first: Int, $arg1_first: Int) { product(id:$id) "
            "{ reviews_a: reviews(first: $arg0_first) { id } reviews_b: reviews(first: $arg1_first) { id } } }"
        )
    ]
    assert shop.variables == [{"id": "p1", "arg0_first": 1, "arg1_first": 2}]


async def test_calls_that_travel_together_have_values_of_their_own(shop: Shop, connected: Connect) -> None:
    """Also of the same endpoint."""
    async with Direct({"shop": connected()}):
        call = [FieldCall("reviews", ("first: ", "n", ""), (("n", value(each)),)) for each in (1, 2)]
        found = await asyncio.gather(*(select(selected(("reviews_a", each)), product, id="p1") for each in call))
    assert [len(each["reviews_a"]) for each in found] == [1, 2]
    assert len(shop.asked) == 1


async def test_entities_have_nested_fields_too(shop: Shop, direct: Direct) -> None:
    """Their type is named by the endpoint."""
    call = FieldCall("reviews", ("first: ", "first", ""), (("first", value(1)),))
    async with direct:
        found = await select(selected(("reviews_a", call)), up.entities("Product", key="upc"), upc="upc-p1")
    assert found == {"reviews_a": [{"id": "r1"}]}


async def test_an_argument_that_the_upstream_lacks_is_named(direct: Direct) -> None:
    """With the nearest name."""
    call = FieldCall("reviews", ("frist: ", "first", ""), (("first", value(1)),))
    async with direct:
        with pytest.raises(DefinitionError, match='has no argument "frist"; did you mean "first"'):
            await select(selected(("reviews_a", call)), product, id="p1")


def test_without_a_schema_types_are_those_of_the_frontend() -> None:
    """Or of the constant; what is neither is refused with the next step."""
    operation = product.operation
    assert isinstance(operation, GraphqlOperation)
    values = {"arg0_a": value(1, "Cm!"), "arg0_b": value(True), "arg0_c": value("x")}
    assert find_nested_types(operation, values, {"arg0_c": "ID!"}) == {
        "arg0_a": "Cm!",
        "arg0_b": "Boolean!",
        "arg0_c": "ID!",
    }
    with pytest.raises(DefinitionError, match=r"the type of \$a in take"):
        find_nested_types(operation, {"arg0_a": value({"x": 1})}, {})
