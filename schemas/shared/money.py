"""Money as every screen shows it."""

import strawberry


@strawberry.type(description="An amount of money.")
class Money:
    amount: int = strawberry.field(description="In minor units, such as cents.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    was: int | None = strawberry.field(default=None, description="The price before a discount, in minor units.")

    @strawberry.field(description="Ready to show, such as 12.99 EUR.")
    def text(self) -> str:
        return f"{self.amount / 100:.2f} {self.currency}"
