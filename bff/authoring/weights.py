"""`cost` and `list_size`: what a field really costs, said where it is defined. Read by `limits.max_cost`.

The directives are those of the IBM GraphQL cost specification, sections `@cost` and `@listSize`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    name="cost",
    locations=[
        Location.FIELD_DEFINITION,
        Location.ARGUMENT_DEFINITION,
        Location.OBJECT,
        Location.INTERFACE,
        Location.UNION,
        Location.SCALAR,
        Location.ENUM,
    ],
    description="What it adds to the cost of an operation, each time it appears.",
)
class Cost:
    """`@cost(weight: "2.5")`; the specification writes weights as strings."""

    weight: str


@strawberry.schema_directive(
    name="listSize",
    locations=[Location.FIELD_DEFINITION],
    description="How long the list will be that a field gives.",
)
class ListSize:
    """`@listSize(...)`; see `list_size`."""

    assumed_size: int | None = strawberry.UNSET
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    require_one_slicing_argument: bool | None = strawberry.UNSET


def cost(weight: float) -> Cost:
    """For `directives=[cost(5)]` of a field, an argument or a type. Raises ValueError for a weight below zero.

    A field counts 1 when it gives objects and 0 when it gives scalars; its own weight replaces that. The weight of
    an argument is added when the argument is given, the weight of a type once per object that a field may give.
    """
    if not math.isfinite(weight) or weight < 0:
        raise ValueError(f"cost() takes a weight of 0 or more, not {weight!r}")
    return Cost(weight=str(weight))


def list_size(
    assumed: int | None = None,
    *,
    slicing: Sequence[str] = (),
    sized: Iterable[str] = (),
    require_one: bool | None = None,
) -> ListSize:
    """For `directives=[list_size(...)]` of a field. Names are those of the GraphQL schema.

    `slicing` are the arguments that say how long the list is (`"first"`, or `"page.size"` inside of an input object).
    `assumed` is its length when none is given. `sized` are the fields of the object below that hold the list, as in
    connections. `require_one` refuses operations that give none or several of `slicing`; on unless it says False or
    a length is assumed.
    """
    if assumed is not None and assumed < 0:
        raise ValueError(f"list_size() takes an assumed length of 0 or more, not {assumed!r}")
    needs_one = require_one if require_one is not None else bool(slicing) and assumed is None
    return ListSize(
        assumed_size=strawberry.UNSET if assumed is None else assumed,
        slicing_arguments=list(slicing) or strawberry.UNSET,
        sized_fields=list(sized) or strawberry.UNSET,
        require_one_slicing_argument=needs_one if slicing else strawberry.UNSET,
    )
