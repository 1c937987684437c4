"""Buying in the web shop, and what a customer bought."""

import strawberry

from bff.authoring import take


@strawberry.input
class OrderLineInput:
    sku: str
    quantity: int = 1


@strawberry.type
class OrderLine:
    sku: str
    quantity: int


@strawberry.type(description="An order of the past, or the one just placed.")
class Order:
    id: strawberry.ID
    status: str
    lines: list[OrderLine]
    placed_at: str | None = take("created")
