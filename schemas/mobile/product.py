"""The product card of the phone app."""

import strawberry

from bff.authoring import argument, computed, take, via
from schemas.backends import pricing, reviews, warehouse
from schemas.mobile.review import Rating, Review
from schemas.shared.money import Money


@strawberry.type(description="A product, as its card shows it.")
class Product:
    id: strawberry.ID
    sku: str
    name: str = take("title", description="What the card is headed with.")
    image: str | None = None
    price: Money | None = via(pricing.price, sku="sku")
    in_stock: int | None = via(warehouse.stock, sku="sku", default=None)
    rating: Rating | None = via(reviews.summary, product_id="id", default=None)
    reviews: list[Review] | None = via(reviews.of_product, product_id="id", first=argument(int, 2))

    @strawberry.field(description="The name, short enough for one line.")
    def label(self) -> str:
        return self.name if len(self.name) <= 40 else self.name[:39] + "…"

    @computed(needs="price", description="Whether the price is lower than it was.")
    def on_sale(self) -> bool:
        return self.price is not None and self.price.was is not None
