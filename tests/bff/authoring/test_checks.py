"""Mistakes in `via` and `computed` are found when the schema is built."""

from typing import Any

import pytest
import strawberry

from bff.authoring import SchemaError, computed, frontend, via
from tests.bff.fakes import batched

price_of = batched("pricing: price", parameter="sku", key="sku")
reviews_of = batched("reviews: of", parameter="product_id", key="productId", group=True)


@strawberry.type
class Price:
    amount: int


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: via(price_of, sku="idd"), 'sku="idd" is not a field of this type; did you mean "id"?'),
        (lambda: via(price_of, skuu="id"), 'has no parameter "skuu"; did you mean "sku"?'),
        (lambda: via(price_of), 'needs the parameter "sku"'),
        (lambda: via(price_of, sku="other"), "is itself fetched or computed"),
        (
            lambda: via(reviews_of, product_id="id"),
            "gives a list for each key (group=True), but the field is not a list",
        ),
        (
            lambda: computed(needs="prise")(lambda self: 1),
            'needs="prise" is not a field of this type; did you mean "price"?',
        ),
    ],
)
def test_a_mistake_is_found_when_the_schema_is_built(make: Any, said: str) -> None:
    """The error names file, line, type and field, and the nearest right name."""
    field = make()
    if not hasattr(field.base_resolver.wrapped_func, "__signature__"):
        pytest.fail("not a field")

    @strawberry.type
    class Thing:
        id: strawberry.ID
        price: Price | None = via(price_of, sku="id")
        other: Price | None = via(price_of, sku="id")
        wrong: Price | None = field

    @strawberry.type
    class Root:
        thing: Thing

    with pytest.raises(SchemaError) as caught:
        frontend(query=Root)
    assert said in str(caught.value)
    assert "test_checks.py:" in str(caught.value)
    assert "Thing.wrong" in str(caught.value)
    assert len(caught.value.problems) == 1


def test_all_mistakes_are_reported_together() -> None:
    """One line each, in the order of the fields."""

    @strawberry.type
    class Thing:
        id: strawberry.ID
        one: Price | None = via(price_of, sku="idd")
        two: Price | None = via(price_of, sku="idx")

    @strawberry.type
    class Root:
        things: list[Thing]

    with pytest.raises(SchemaError) as caught:
        frontend(query=Root)
    assert ["Thing.one" in caught.value.problems[0], "Thing.two" in caught.value.problems[1]] == [True, True]
    assert len(caught.value.problems) == 2
