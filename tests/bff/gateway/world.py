"""A shop behind a gateway: words, prices, ticks and orders."""

import asyncio
from collections.abc import AsyncGenerator

import strawberry

from bff.authoring import argument, frontend, via
from tests.bff.fakes import batched, endpoint, publisher, stream

word = endpoint("shop: word")
price_of = batched("shop: price", parameter="sku", key="sku")
ticks = stream("shop: ticks", {"sku": True})
placed = publisher("shop: placed")


@strawberry.type
class Tick:
    sku: str
    amount: int
    price: int | None = via(price_of, sku="sku")


@strawberry.type
class Query:
    word: str | None = via(word)

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError("the password is hunter2")

    @strawberry.field
    def echo(self, number: int = 1) -> int:
        return number

    @strawberry.field
    async def slow(self) -> str | None:
        await asyncio.sleep(3600)
        return "late"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def place(self, id: str) -> bool:
        await placed({"id": id}, key=id)
        return True


@strawberry.type
class Subscription:
    tick: Tick = via(ticks, sku=argument(str))

    @strawberry.subscription
    async def doubled(self, sku: str) -> AsyncGenerator[int, None]:
        async for event in ticks(sku=sku):
            yield event.data["amount"] * 2


schema = frontend(query=Query, mutation=Mutation, subscription=Subscription)
