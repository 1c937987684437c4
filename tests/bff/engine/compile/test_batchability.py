"""Whether later parts of several objects are made together: by what is selected of them."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry

from bff.authoring import frontend, via
from bff.authoring.strawberry_insides import core_schema
from bff.engine.compile.batchability import MAX_TYPES, find_batchability
from bff.engine.compile.shapes import Batchability, ObjectOutput
from tests.bff.engine.compile.world import shape_of
from tests.bff.fakes import batched, endpoint

price = batched("shop: price")
stock = endpoint("shop: stock", {"id": True}, each=4)


@strawberry.interface
class Thing:
    id: strawberry.ID


@strawberry.type
class Item(Thing):
    price: int | None = via(price, id="id")
    stock: int | None = via(stock, id="id")

    @strawberry.field
    def plain(self) -> int:
        return 1

    @strawberry.field
    async def slow(self) -> int:
        return 1

    @strawberry.field
    def next(self) -> Thing:
        return self


@strawberry.type
class Query:
    @strawberry.field
    def item(self) -> Item:
        return Item(id=strawberry.ID("1"))


CORE = core_schema(frontend(query=Query, types=[Item]))


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("id __typename", Batchability()),
        ("plain", Batchability()),
        ("price", Batchability(is_batched=True)),
        ("stock", Batchability(waits=True)),
        ("slow", Batchability(waits=True)),
        ("price slow", Batchability(is_batched=True, waits=True)),
        ("next { id }", Batchability(is_unknown=True)),
        ("next { ... on Item { price } }", Batchability(is_batched=True, is_unknown=True)),
    ],
)
def test_how_values_are_had(selection: str, expected: Batchability) -> None:
    """Found once for a shape."""
    (step,) = shape_of(CORE, f"{{ item {{ {selection} }} }}").steps
    assert isinstance(step.output, ObjectOutput)
    shape: Any = step.output.shape
    assert find_batchability(shape) == expected
    assert find_batchability(shape) is shape.batchability
    assert MAX_TYPES >= 1
