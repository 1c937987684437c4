"""The phone app: one small schema, made for its screens."""

from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import argument, example, frontend, via
from schemas.backends import catalog, orders, ticker
from schemas.mobile.home import Home
from schemas.mobile.order import OrderUpdate, PlacedOrder, place_order
from schemas.mobile.product import Product
from schemas.shared.category import Category
from schemas.shared.price_tick import PriceTick


@strawberry.type
class Query:
    @strawberry.field(description="The home screen of a department.")
    def home(self, category: Category = Category.TOYS) -> Home:
        return Home(category=category)

    @strawberry.field
    async def products(self, category: Category, first: int = 20) -> list[Product]:
        return await catalog.products(category=category.value, first=first)

    product: Product | None = via(catalog.product, id=argument(strawberry.ID))


@strawberry.type
class Mutation:
    place_order: PlacedOrder = strawberry.mutation(resolver=place_order, description="Buy.")


@strawberry.type
class Subscription:
    live_price: PriceTick = via(ticker.ticks, sku=argument(str))

    @strawberry.subscription(description="The steps of one order, as they happen.")
    async def order_updates(self, id: strawberry.ID) -> AsyncGenerator[OrderUpdate, None]:
        async for update in orders.updates(id=id):
            yield update


schema = frontend(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    description="The phone app.",
    examples=[
        example(
            "Home screen",
            """
            {
              home(category: TOYS) {
                headline
                products(first: 40) {
                  id
                  label
                  price { text }
                  onSale
                  inStock
                  rating { average count }
                  reviews(first: 2) { rating title author }
                }
              }
            }
            """,
        ),
        example("One product", '{ product(id: "p-001") { name price { text was } inStock } }'),
        example("Live price", 'subscription { livePrice(sku: "TOY-001") { amount currency at } }'),
        example("Place an order", 'mutation { placeOrder(lines: [{sku: "TOY-001"}]) { id } }'),
    ],
)
