"""The catalogue of the web shop: filters and pages."""

from enum import Enum

import strawberry

from bff.authoring import take
from schemas.shared.category import Category
from schemas.web.product import Product


@strawberry.enum(description="How a list of products is ordered.")
class Sort(Enum):
    TITLE = "title"
    NEWEST = "-created"


@strawberry.input(description="Which products to show; what is left out does not matter.")
class ProductFilter:
    category: Category | None = None
    text: str | None = None
    brand: str | None = None


@strawberry.type(description="A part of a list of products.")
class ProductPage:
    items: list[Product]
    total: int = strawberry.field(description="How many products fit the filter.")
    next: str | None = take("next", description="Where the next page is; null on the last one.")

    @strawberry.field
    def has_more(self) -> bool:
        return self.next is not None


@strawberry.type(description="A department and how much is in it.")
class Department:
    name: str
    count: int
