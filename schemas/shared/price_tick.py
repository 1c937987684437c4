"""A live price, as the ticker sends it."""

from datetime import datetime

import strawberry


@strawberry.type(description="A change of a price.")
class PriceTick:
    sku: str
    amount: int = strawberry.field(description="In minor units.")
    currency: str
    at: datetime
