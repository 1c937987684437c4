"""The home screen."""

import strawberry

from schemas.backends import catalog
from schemas.mobile.product import Product
from schemas.shared.category import Category


@strawberry.type(description="Everything the home screen shows.")
class Home:
    category: Category

    @strawberry.field
    def headline(self) -> str:
        return f"New in {self.category.value.title()}"

    @strawberry.field
    async def products(self, first: int = 40) -> list[Product]:
        return await catalog.products(category=self.category.value, first=first)
