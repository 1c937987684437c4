"""The web shop: catalogue, product page, reviews and orders."""

from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import argument, example, frontend, via
from schemas.backends import catalog, pricing, reviews
from schemas.shared.money import Money
from schemas.web.catalogue import Department, ProductFilter, ProductPage, Sort
from schemas.web.order import Order, OrderLineInput
from schemas.web.product import Product, Review


@strawberry.type
class Query:
    @strawberry.field(description="A page of the catalogue.")
    async def products(
        self, filter: ProductFilter | None = None, sort: Sort = Sort.TITLE, first: int = 20, offset: int = 0
    ) -> ProductPage:
        chosen = filter or ProductFilter()
        return await catalog.search(
            category=chosen.category.value if chosen.category else None,
            text=chosen.text,
            brand=chosen.brand,
            sort=sort.value,
            first=first,
            offset=offset,
        )

    product: Product | None = via(catalog.product, id=argument(strawberry.ID))
    departments: list[Department] = via(catalog.categories)
    orders: list[Order] = via(catalog.orders, customer=argument(strawberry.ID))
    order: Order | None = via(catalog.order, id=argument(strawberry.ID))


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Buy. The same key never buys twice.")
    async def place_order(self, customer: strawberry.ID, lines: list[OrderLineInput], key: str) -> Order:
        items = [{"sku": line.sku, "quantity": line.quantity} for line in lines]
        return await catalog.place_order(customer=customer, lines=items, key=key)

    @strawberry.mutation
    async def add_review(self, product_id: strawberry.ID, rating: int, title: str, text: str) -> Review:
        return await reviews.add(product_id=product_id, rating=rating, title=title, text=text)


@strawberry.type
class Subscription:
    @strawberry.subscription(description="The price of one product, each time it changes.")
    async def price_changes(self, sku: str) -> AsyncGenerator[Money, None]:
        async for price in pricing.price_ticks(sku=sku):
            yield price


schema = frontend(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    description="The web shop.",
    examples=[
        example(
            "Catalogue",
            """
            query Catalogue($category: Category) {
              products(filter: {category: $category}, first: 12) {
                total
                hasMore
                items { id name brand price { text } stock { quantity } rating { average count } }
              }
            }
            """,
            category="BOOKS",
        ),
        example(
            "Product page",
            """
            {
              product(id: "p-001") {
                name
                description
                price { text was }
                stock { quantity location nextDelivery }
                canBeBought
                shipping(country: "FR") { amount currency days }
                rating { average count }
                reviews(first: 5) { rating title text author createdAt }
              }
            }
            """,
        ),
        example("Order history", '{ orders(customer: "c-001") { id status lines { sku quantity } } }'),
        example("Price changes", 'subscription { priceChanges(sku: "BOO-001") { text } }'),
    ],
)
