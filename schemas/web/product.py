"""The product page of the web shop."""

from datetime import date, datetime

import strawberry

from bff.authoring import argument, computed, take, via
from schemas.backends import orders, pricing, reviews, warehouse
from schemas.shared.category import Category
from schemas.shared.money import Money


@strawberry.type(description="One customer's opinion.")
class Review:
    id: strawberry.ID
    rating: int
    title: str
    text: str
    author: str = take("author.name")
    created_at: datetime


@strawberry.type(description="All opinions in one number.")
class Rating:
    average: float
    count: int


@strawberry.type(description="What the warehouse knows of an item.")
class Stock:
    quantity: int = take("Quantity")
    location: str | None = take("Location")
    next_delivery: date | None = take("NextDelivery")


@strawberry.type(description="What sending an item costs.")
class Shipping:
    amount: int = strawberry.field(description="In minor units.")
    currency: str
    days: int


@strawberry.type(description="A product, with all the shop knows about it.")
class Product:
    id: strawberry.ID
    sku: str
    name: str = take("title")
    description: str
    brand: str | None = None
    category: Category
    tags: list[str]
    image: str | None = None
    weight: int = strawberry.field(description="In grams.")
    price: Money | None = via(pricing.price, sku="sku")
    stock: Stock | None = via(warehouse.stock_details, sku="sku")
    rating: Rating | None = via(reviews.summary, product_id="id", default=None)
    reviews: list[Review] | None = via(reviews.of_product, product_id="id", first=argument(int, 10))
    shipping: Shipping | None = via(orders.shipping_quote, weight="weight", country=argument(str, "DE"))

    @computed(needs=("price", "stock"), description="Whether it can be bought now.")
    def can_be_bought(self) -> bool:
        return self.price is not None and self.stock is not None and self.stock.quantity > 0
