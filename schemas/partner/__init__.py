"""Partners: a narrow schema of offers. bff.yaml requires an API key."""

import strawberry

from bff.authoring import argument, example, frontend, take, via
from schemas.backends import catalog, pricing, warehouse
from schemas.shared.category import Category
from schemas.shared.money import Money


@strawberry.type(description="Something a partner may sell for us.")
class Offer:
    id: strawberry.ID
    sku: str
    title: str
    brand: str | None = None
    grams: int = take("weight")
    price: Money | None = via(pricing.price, sku="sku")
    available: int | None = via(warehouse.stock, sku="sku")


@strawberry.type
class Query:
    offer: Offer | None = via(catalog.product, id=argument(strawberry.ID))

    @strawberry.field
    async def offers(self, category: Category, first: int = 50) -> list[Offer]:
        return await catalog.products(category=category.value, first=min(first, 100))


schema = frontend(
    query=Query,
    description="Partners who sell for us.",
    examples=[example("Offers", "{ offers(category: GARDEN, first: 10) { sku title price { text } available } }")],
)
