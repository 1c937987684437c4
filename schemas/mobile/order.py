"""Placing an order from the phone and watching it arrive."""

from uuid import uuid4

import strawberry

from schemas.backends import orders


@strawberry.input
class OrderLine:
    sku: str
    quantity: int = 1


@strawberry.type(description="An order that was taken.")
class PlacedOrder:
    id: strawberry.ID


@strawberry.type(description="A step of an order on its way.")
class OrderUpdate:
    id: strawberry.ID
    status: str
    at: str


async def place_order(lines: list[OrderLine]) -> PlacedOrder:
    """Hand the order to the queue; `orderUpdates` reports its progress."""
    id = f"o-{uuid4().hex[:12]}"
    await orders.placed({"id": id, "lines": [{"sku": line.sku, "quantity": line.quantity} for line in lines]}, key=id)
    return PlacedOrder(id=strawberry.ID(id))
