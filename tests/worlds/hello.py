"""The smallest schema with all three kinds of operations, for tests of what surrounds it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self) -> bool:
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int, pause: float = 0) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
            await asyncio.sleep(pause)

    @strawberry.subscription
    async def big(self) -> AsyncGenerator[str, None]:
        while True:
            yield "x" * 10_000
