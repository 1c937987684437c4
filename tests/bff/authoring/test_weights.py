"""`cost` and `list_size`: checked where they are written, and printed as the specification's directives."""

from __future__ import annotations

import math

import pytest
import strawberry

from bff.authoring import cost, frontend, list_size


@pytest.mark.parametrize("weight", [-1, -0.5, math.nan, math.inf])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    """It would make limits useless."""
    with pytest.raises(ValueError, match="weight of 0 or more"):
        cost(weight)


def test_a_length_below_zero_is_refused() -> None:
    """As a weight is."""
    with pytest.raises(ValueError, match="length of 0 or more"):
        list_size(-1)


@pytest.mark.parametrize(
    ("size", "needs_one"),
    [
        (list_size(slicing=["first"]), True),
        (list_size(10, slicing=["first"]), False),
        (list_size(slicing=["first"], require_one=False), False),
        (list_size(10), strawberry.UNSET),
    ],
)
def test_one_slicing_argument_is_needed_unless_a_length_is_known(size: object, needs_one: object) -> None:
    """Or the author says otherwise."""
    assert getattr(size, "require_one_slicing_argument") == needs_one  # noqa: B009 - a directive's attribute


def test_they_are_printed_in_the_schema() -> None:
    """Weights as strings, as the specification has them."""

    @strawberry.type
    class Query:
        @strawberry.field(directives=[cost(2.5), list_size(3, slicing=["first"])])
        def words(self, first: int = 3) -> list[str]:
            return ["word"] * first

    text = frontend(query=Query).as_str()
    assert '@cost(weight: "2.5")' in text
    assert '@listSize(assumedSize: 3, slicingArguments: ["first"], requireOneSlicingArgument: false)' in text
